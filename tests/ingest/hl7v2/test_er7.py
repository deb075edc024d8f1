import pytest

from journey.ingest.hl7v2.er7 import NULL, Message, Segment, Unparseable, parse

HEADER = rb"MSH|^~\&|ADT1^1.2.3^ISO|HOSP|JOURNEY|NET|20240101120000||ADT^A01^ADT_A01|C-1|P|2.5.1"
PATIENT = rb"PID|1||A1^^^HOSP&1.9&ISO^MR~B2^^^NHS||DOE^JANE"
VISIT = rb"PV1|1|I|W1^101^B2"


def of(*segments: bytes, end: bytes = b"\r") -> Message:
    return parse(end.join((HEADER, *segments)))


def the(message: Message, name: str) -> Segment:
    segment = message.first(name)
    assert segment is not None
    return segment


def names(message: Message) -> str:
    return " ".join(segment.name for segment in message.segments)


def with_header(*, delimiters: bytes = rb"^~\&", kind: bytes = b"ADT^A01", charset: bytes = b"") -> bytes:
    return b"MSH|" + delimiters + b"|A|B|C|D|2024||" + kind + b"|C-1|P|2.5.1||||||" + charset


def test_a_message_says_what_it_is() -> None:
    message = of(PATIENT, VISIT)

    assert (message.type, message.trigger, message.control_id) == ("ADT", "A01", "C-1")
    assert (message.sending_application, message.sending_facility) == ("ADT1", "HOSP")
    assert (message.version, message.time) == ("2.5.1", "20240101120000")


@pytest.mark.parametrize(
    ("kind", "type_", "trigger"),
    [
        (b"ADT^A01^ADT_A01", "ADT", "A01"),
        (b"ADT^A04^ADT_A01", "ADT", "A04"),
        (b"ADT_A01", "ADT", "A01"),
        (b"ORU", "ORU", ""),
        (b" ACK ", "ACK", ""),
        (b"", "", ""),
    ],
)
def test_type_and_trigger_come_out_of_every_shape_of_msh_9(kind: bytes, type_: str, trigger: str) -> None:
    message = parse(with_header(kind=kind))

    assert (message.type, message.trigger) == (type_, trigger)


def test_a_trigger_that_msh_9_leaves_out_is_the_event_segments() -> None:
    assert parse(with_header(kind=b"ADT") + b"\rEVN|A08|2024").trigger == "A08"


def test_the_header_counts_its_own_separator_as_its_first_field() -> None:
    header = the(of(), "MSH")

    assert (header.field(1), header.field(2), header.field(3)) == ("|", r"^~\&", "ADT1")
    assert header.component(2, 2) == ""
    assert [repetition.raw for repetition in header.repetitions(2)] == [r"^~\&"]


def test_a_control_id_is_kept_as_it_came() -> None:
    assert parse(HEADER.replace(b"C-1", rb" C\T\1^x")).control_id == r" C\T\1^x"


def test_fields_repetitions_components_and_subcomponents_are_found_by_their_numbers() -> None:
    patient = the(of(PATIENT), "PID")

    assert patient.field(3) == "A1"
    assert [patient.component(3, number) for number in (1, 2, 4, 5)] == ["A1", "", "HOSP", "MR"]
    assert [patient.component(3, 4, number) for number in (1, 2, 3, 4)] == ["HOSP", "1.9", "ISO", ""]
    assert [r.component(4) for r in patient.repetitions(3)] == ["HOSP", "NHS"]
    assert patient.raw(5) == patient.fields[5] == "DOE^JANE"


def test_what_is_absent_reads_as_empty() -> None:
    message = of(PATIENT)
    patient = the(message, "PID")

    assert message.first("PV1") is None
    assert message.all("PV1") == ()
    assert message.value("PV1", 19) == message.value("PID", 99) == ""
    assert patient.field(99) == patient.raw(99) == patient.raw(-1) == patient.component(3, 0) == ""
    assert patient.repetitions(2) == patient.repetitions(99) == ()
    assert parse(b"MSH|^~\\&").control_id == ""


def test_empty_repetitions_keep_their_place() -> None:
    assert [r.raw for r in the(of(b"PID|A~~B"), "PID").repetitions(1)] == ["A", "", "B"]


def test_null_is_not_the_same_as_empty() -> None:
    patient = the(of(b'PID|""||A^""|""~B'), "PID")

    assert patient.is_null(1)
    assert not patient.is_null(2)
    assert patient.raw(1) == NULL
    assert patient.field(1) == patient.field(2) == patient.component(3, 2) == ""
    assert [r.is_null for r in patient.repetitions(4)] == [True, False]
    assert patient.repetitions(4)[0].text == ""


def test_segments_stand_in_the_order_sent_with_local_ones_among_them() -> None:
    message = of(PATIENT, b"ZPI|x^y", VISIT, b"OBX|1", b"OBX|2")

    assert names(message) == "MSH PID ZPI PV1 OBX OBX"
    assert message.value("ZPI", 1, 2) == "y"
    assert [segment.field(1) for segment in message.all("OBX")] == ["1", "2"]


def test_repeated_structures_come_as_groups() -> None:
    message = of(PATIENT, b"OBR|1", b"OBX|1", b"NTE|1", b"OBR|2", b"OBX|1")

    groups = [" ".join(segment.name for segment in group) for group in message.groups("OBR")]
    assert groups == ["OBR OBX NTE", "OBR OBX"]
    assert list(message.groups("SCH")) == []


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\r\r", b"\r\n\r\n", b"\r\n\n", b"\n\n", b"\n\r"])
def test_every_line_end_gives_the_same_segments(end: bytes) -> None:
    assert of(PATIENT, VISIT, end=end).segments == of(PATIENT, VISIT).segments


def test_a_line_feed_is_content_where_segments_end_with_a_carriage_return() -> None:
    for end in (b"\r", b"\r\n"):
        message = of(b"NTE|1||one\nPID|two\n\nthree", VISIT, end=end)

        assert names(message) == "MSH NTE PV1"
        assert the(message, "NTE").fields[3:] == ("one\nPID", "two\n\nthree")
        assert of(b"NTE|1||one\n", VISIT, end=end).value("NTE", 3) == "one"


def test_a_stray_carriage_return_does_not_swallow_segments_that_line_feeds_end() -> None:
    message = parse(HEADER + b"\n" + PATIENT + b"\r\n" + b"NTE|1||one\r" + b"\n" + VISIT)

    assert names(message) == "MSH PID NTE PV1"


@pytest.mark.parametrize("blank", [b"\r", b"\n", b"\r\n", b"\n\r"])
def test_any_number_of_blank_lines_takes_no_more_time_than_reading_them(blank: bytes) -> None:
    assert names(of(PATIENT, blank * 200_000 + b"- more", VISIT)) == "MSH PID PV1"


@pytest.mark.parametrize("end", [b"\r", b"\n"])
def test_a_line_without_a_segment_name_continues_the_field_before(end: bytes) -> None:
    message = of(b"NTE|1||first line", b"- second|half", VISIT, end=end)

    assert names(message) == "MSH NTE PV1"
    assert message.value("NTE", 3) == f"first line{end.decode()}- second"


@pytest.mark.parametrize(
    "wrapped",
    [
        b"\x0b%b\r\x1c\r",
        b"\xef\xbb\xbf%b\r",
        b"\x0b\xef\xbb\xbf%b\x1c\r",
        b"\r\n  \t%b\n\n\n",
    ],
)
def test_what_stands_around_a_message_is_passed_over(wrapped: bytes) -> None:
    message = parse(wrapped % b"\r".join((HEADER, PATIENT)))

    assert [s.fields for s in message.segments] == [s.fields for s in of(PATIENT).segments]


def test_delimiters_are_the_ones_that_the_header_names() -> None:
    message = parse(b"MSH$*?!@$A$B\rPID$1$$A1*x@y*z?B2$!S!!E!!F!^|")
    patient = the(message, "PID")

    assert [r.component(1) for r in patient.repetitions(3)] == ["A1", "B2"]
    assert patient.component(3, 2, 2) == "y"
    assert patient.field(4) == "*!$^|"


def test_delimiters_left_out_are_ordinary_characters() -> None:
    visit = the(parse(b"MSH|^~\\|A\rPV1|x&y^z\\T\\"), "PV1")
    assert (visit.field(1), visit.component(1, 2)) == ("x&y", "z&")

    visit = the(parse(b"MSH|^|A\rPV1|x~y\\F\\^z"), "PV1")
    assert (visit.field(1), visit.component(1, 2)) == ("x~y\\F\\", "z")


def test_an_empty_msh_2_means_the_recommended_delimiters() -> None:
    assert parse(b"MSH||A\rPID|a^b&c").value("PID", 1, 2, 2) == "c"


def test_the_truncation_character_of_newer_versions_is_a_delimiter() -> None:
    message = parse(b"MSH|^~\\&#|A\rNTE|a\\P\\&b")

    assert (message.value("NTE", 1), message.value("NTE", 1, 1, 2)) == ("a#", "b")


def test_an_escape_character_that_was_escaped_on_its_way_is_one() -> None:
    message = parse(b"MSH|^~\\\\&|A\rPID|a&b^c\\T\\d")

    assert (message.value("PID", 1, 1, 2), message.value("PID", 1, 2)) == ("b", "c&d")


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (rb"a\F\b\S\c\T\d\R\e\E\f", r"a|b^c&d~e" + "\\f"),
        (rb"\E\F\E\ ", r"\F" + "\\ "),
        (rb"\X41\ \X4142\ \XC3A9\ ", "A AB é "),
        (rb"\XFF\ \X4\ \XZZ\ ", r"\XFF\ \X4\ \XZZ" + "\\ "),
        (rb"one\.br\two\.sp2\three\.ce\four", "one\ntwo\nthree\nfour"),
        (rb"\.in+4\a\.sk3\b\.ti-2\\.fi\c\.nf\ ", "a bc "),
        (rb"\H\loud\N\ voice", "loud voice"),
        (rb"\Zlocal\F\ ", r"\Zlocal\F" + "\\ "),
        (rb"\C2842\ \M2442\ \M244F4B\ ", r"\C2842\ \M2442\ \M244F4B" + "\\ "),
        (rb"C:\temp\F\new", r"C:\temp|new"),
        (rb"\M244F4B\F\ \C2842\F\ ", r"\M244F4B\F\ \C2842\F" + "\\ "),
        (rb"\.zz\ \\ \f\ \r", r"\.zz\ \\ \f\ \r"),
    ],
)
def test_escape_sequences_become_what_they_mean_and_unknown_ones_stay(sent: bytes, meant: str) -> None:
    message = parse(with_header(charset=b"UNICODE UTF-8") + b"\rNTE|1||" + sent + b"|")

    assert message.value("NTE", 3) == meant


def test_prose_is_read_whole_with_the_delimiters_its_sender_forgot_to_escape() -> None:
    note = the(of(rb"NTE|1||5 ^ 3 & 2 \F\ 1"), "NTE")

    assert note.repetitions(3)[0].text == "5 ^ 3 & 2 | 1"


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        (b"8859/1", "iso8859-1"),
        (b"8859/2", "iso8859-2"),
        (b"8859/15", "iso8859-15"),
        (b"ISO-8859-1", "iso8859-1"),
        (b"UNICODE UTF-8", "utf-8"),
        (b"utf-8", "utf-8"),
        (b"windows-1252", "cp1252"),
        (b"GB 18030-2000", "gb18030"),
        (b"8859/1~ISO IR87", "iso2022_jp_2"),
        (b"~ISO IR87", "iso2022_jp_2"),
        (b"8859/1~UNICODE UTF-8", "iso8859-1"),
    ],
)
def test_the_character_set_is_the_one_that_msh_18_names(declared: bytes, codec: str) -> None:
    name = "Ægir" if codec not in {"iso8859-2", "iso2022_jp_2"} else {"iso8859-2": "Łódź"}.get(codec, "山田")
    message = parse(with_header(charset=declared) + b"\rPID|" + f"{name}^x".encode(codec))

    assert (message.value("PID", 1), message.value("PID", 1, 2)) == (name, "x")
    assert (message.charset, message.charset_assumed) == (codec, False)


@pytest.mark.parametrize(
    ("declared", "name", "codec"),
    [
        (b"", "Ægir".encode(), "utf-8"),
        (b"", "Ægir".encode("cp1252"), "cp1252"),
        (b"ASCII", "Ægir".encode(), "utf-8"),
        (b"CNS 11643-1992", b"Aegir", "utf-8"),
        (b"UNICODE UTF-16", b"Aegir", "utf-8"),
        (b"UNICODE UTF-8", "Ægir".encode("cp1252"), "cp1252"),
        (b"", b"\x81gir", "latin-1"),
    ],
)
def test_a_character_set_that_cannot_be_right_is_replaced_and_owned_up_to(
    declared: bytes, name: bytes, codec: str
) -> None:
    message = parse(with_header(charset=declared) + b"\rPID|" + name)

    assert message.value("PID", 1) == name.decode(codec)
    assert (message.charset, message.charset_assumed) == (codec, True)


def test_ascii_needs_no_declaration() -> None:
    assert (of().charset, of().charset_assumed) == ("ascii", False)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_known_by_its_bytes_whatever_msh_18_says(codec: str, mark: str) -> None:
    text = with_header(charset=b"8859/1").decode() + "\rPID|Ægir\r"
    message = parse((mark + text).encode(codec))

    assert message.value("PID", 1) == "Ægir"
    assert (message.charset, message.charset_assumed) == (codec, False)


def test_a_mark_for_utf_8_is_no_proof() -> None:
    message = parse(b"\xef\xbb\xbf" + with_header() + b"\rPID|" + "Ægir".encode("cp1252"))

    assert (message.value("PID", 1), message.charset, message.charset_assumed) == ("Ægir", "cp1252", True)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "The message is empty."),
        (b"\x0b\x1c\r", "The message is empty."),
        (b"PID|1||SECRET", "The message does not begin with an MSH segment."),
        (b"{SECRET}", "The message does not begin with an MSH segment."),
        (b"MSH", "MSH is not followed by a field separator."),
        (b"MSHSECRET", "MSH is not followed by a field separator."),
        (b"MSH SECRET", "MSH is not followed by a field separator."),
        (b"MSH|SECRET|A", "MSH-2 holds more than the five delimiters there are."),
        (b"MSH|^~^&|SECRET", "MSH-2 does not hold delimiters that differ from one another."),
        (b"MSH|^~\\&#$|SECRET", "MSH-2 holds more than the five delimiters there are."),
        ("MSH|^~\\&|SECRET".encode("utf-16-le")[:-1], "The message does not begin with an MSH segment."),
    ],
)
def test_what_is_no_message_is_refused_in_a_sentence_that_quotes_nothing(raw: bytes, reason: str) -> None:
    with pytest.raises(Unparseable) as refusal:
        parse(raw)
    assert str(refusal.value) == reason
