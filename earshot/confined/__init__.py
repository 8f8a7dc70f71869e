"""Work on hostile bytes in a child process that can do nothing but answer: who asks, who answers, and the walls."""
