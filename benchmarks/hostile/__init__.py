"""The hostile web on loopback: servers, pages and certificates that hurt crawlers, written for this project."""
