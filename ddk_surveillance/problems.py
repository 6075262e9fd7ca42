"""Why a text could not be understood: a stable code, whose words stand in schemas/problems.yaml."""

from typing import NamedTuple

from ddk_surveillance.contracts import Bilingual
from ddk_surveillance.errors import Text

# The two rules that every declared column brings with it; the others stand in checks.yaml.
READABLE = Bilingual(zh="读不懂", en="cannot be read")
FILLED = Bilingual(zh="必填项空缺", en="left empty")
FILL_IT = Text("此项必填。请补填后重新报送。", "This must be given. Fill it in and send the file again.")
FILL_IF_KNOWN = Text("此项应填。如能查明，请补填。", "This should be given. Fill it in where it is known.")


class Problem(NamedTuple):
    """A text that was not understood; it never holds the text itself."""

    code: str
