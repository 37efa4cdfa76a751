import sys

from .stopping import end_when_asked

# Before torch is loaded, which takes seconds in which somebody may have second thoughts.
end_when_asked()

from .main import main  # noqa: E402

sys.exit(main(sys.argv[1:]))
