"""Stands in front of an OpenSubsonic server: passes everything through, and answers what sounds alike itself."""
