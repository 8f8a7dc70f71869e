"""What all media servers are crawled with, whatever they speak: places in lists that change, and audio of any size."""
