"""``python -m nexttoken`` and the command ``nexttoken``."""

from nexttoken.cli import main

if __name__ == "__main__":
    main()
