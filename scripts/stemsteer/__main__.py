"""`python -m stemsteer` is the command `stemsteer`."""

from stemsteer.command_line.main import main

if __name__ == "__main__":
    main()
