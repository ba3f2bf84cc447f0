"""Signed mail is readable, encrypted mail is said to be encrypted, and nothing is said to be verified."""

import base64
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from mailpoll.message import cms, parse, part
from mailpoll.message.bodies import IN_CMS

HEAD = b"From: Jane <jane@example.com>\r\nMIME-Version: 1.0\r\n"
SMIME = "[This mail is encrypted with S/MIME; mailpoll cannot read it.]"
OPENPGP = "[This mail is encrypted with OpenPGP; mailpoll cannot read it.]"
ENTITY = b"Content-Type: text/plain; charset=utf-8\r\n\r\nhello\r\n"
MIXED = (
    b"Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nhello\r\n"
    b'--i\r\nContent-Type: application/pdf; name="a.pdf"\r\n\r\nABC\r\n--i--\r\n'
)


def certificate(key):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "jane@example.com")])
    now = datetime(2024, 1, 1, tzinfo=UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=9_000))
    return built.sign(key, hashes.SHA256())


@pytest.fixture(scope="module")
def signed():
    """What makes an opaque signed-data object of an entity."""
    key = ec.generate_private_key(ec.SECP256R1())
    cert = certificate(key)

    def sign(entity):
        builder = pkcs7.PKCS7SignatureBuilder().set_data(entity).add_signer(cert, key, hashes.SHA256())
        return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])

    return sign


@pytest.fixture(scope="module")
def enveloped():
    """An enveloped-data object."""
    cert = certificate(rsa.generate_private_key(65_537, 2_048))
    return pkcs7.PKCS7EnvelopeBuilder().set_data(ENTITY).add_recipient(cert).encrypt(Encoding.DER, [])


def smime(data, type_=b"application/pkcs7-mime; smime-type=signed-data; name=smime.p7m"):
    head = b"Content-Type: " + type_ + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head + base64.encodebytes(data)


def der(tag, *contents):
    body = b"".join(contents)
    length = len(body).to_bytes(4, "big")
    return bytes([tag, 0x84]) + length + body


def indefinite(tag, *contents):
    return bytes([tag, 0x80]) + b"".join(contents) + b"\0\0"


def in_pieces(data, wrap=indefinite):
    """An octet string in pieces of four bytes, as Outlook and OpenSSL's streaming write it (theirs have a thousand)."""
    return wrap(0x24, *(der(0x04, data[at : at + 4]) for at in range(0, len(data), 4)))


def in_pieces_of_pieces(data, wrap):
    return wrap(0x24, in_pieces(data[:9], wrap), in_pieces(data[9:]))


SIGNED_DATA = der(0x06, bytes.fromhex("2a864886f70d010702"))
DATA = der(0x06, bytes.fromhex("2a864886f70d010701"))


def signed_by_hand(octets, wrap=indefinite, algorithms=b""):
    encapsulated = wrap(0x30, DATA, wrap(0xA0, octets))
    signed = wrap(0x30, der(0x02, b"\x01"), wrap(0x31, algorithms), encapsulated, der(0x31))
    return wrap(0x30, SIGNED_DATA, wrap(0xA0, signed))


def files(raw):
    message = parse(raw)
    found = {attachment.name: part(raw, attachment.part) for attachment in message.attachments}
    assert [attachment.size for attachment in message.attachments] == [len(data) for data in found.values()]
    return found


class TestOpaqueSmime:
    @pytest.mark.parametrize(
        "type_",
        [
            b"application/pkcs7-mime; smime-type=signed-data; name=smime.p7m",
            b"application/x-pkcs7-mime; name=smime.p7m",
            b"application/pkcs7-mime",
            b"application/octet-stream; name=smime.p7m",
            b"application/octet-stream; name=Message.P7M",
        ],
    )
    def test_signed_text_is_read(self, signed, type_):
        raw = HEAD + smime(signed(ENTITY), type_)
        assert parse(raw).text == "hello\n"
        assert parse(raw).defects == ()

    def test_the_parts_inside_are_those_of_the_mail(self, signed):
        sealed = signed(MIXED)
        raw = HEAD + smime(sealed)
        assert parse(raw).text == "hello"
        assert files(raw) == {"smime.p7m": sealed, "a.pdf": b"ABC"}

    def test_a_footer_that_a_list_put_beside_it_is_read_too(self, signed):
        raw = HEAD + b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n" + smime(signed(ENTITY))
        assert parse(raw + b"\r\n--o\r\n\r\nfooter\r\n--o--").text == "hello\n\n\nfooter"

    @pytest.mark.parametrize("wrap", [indefinite, der])
    @pytest.mark.parametrize("octets", [lambda data, wrap: der(0x04, data), in_pieces, in_pieces_of_pieces])
    def test_every_form_of_ber_is_read(self, wrap, octets):
        algorithms = wrap(0x30, der(0x06, b"\x2a"), wrap(0x30, der(0x05)))
        data = signed_by_hand(octets(ENTITY, wrap), wrap, algorithms)
        assert parse(HEAD + smime(data)).text == "hello\n"

    def test_signed_three_times_over_is_read_and_more_is_noted(self, signed):
        data = ENTITY
        for _ in range(3):
            data = smime(signed(data))
        assert parse(HEAD + data).text == "hello\n"
        deeper = parse(HEAD + smime(signed(smime(signed(data)))))
        assert "signed content nested over 3 deep" in deeper.defects

    def test_what_was_cut_off_is_read_as_far_as_it_goes(self, signed):
        data = signed(ENTITY + b"more " * 100)
        assert parse(HEAD + smime(data[: data.index(b"more") + 50])).text.startswith("hello\nmore more")

    def test_a_signed_file_is_a_file(self, signed):
        pdf = signed(b"%PDF-1.7 no mail")
        raw = HEAD + b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\nsee the invoice\r\n--o\r\n"
        raw += smime(pdf, b"application/pkcs7-mime; name=invoice.pdf.p7m") + b"\r\n--o--\r\n"
        assert parse(raw).text == "see the invoice"
        assert files(raw) == {"invoice.pdf.p7m": pdf}

    def test_one_that_nobody_can_read_is_said_to_be_there(self, signed):
        message = parse(HEAD + smime(signed(b"%PDF-1.7 no mail")))
        assert message.text == "[The text of this mail is in smime.p7m, in a form of S/MIME that mailpoll cannot read.]"

    @pytest.mark.parametrize("cut", range(0, 60, 3))
    def test_damaged_objects_are_borne_with(self, signed, cut):
        data = signed(ENTITY)
        for damaged in (data[:cut], data[:cut] + b"\xff" + data[cut + 1 :], data[:cut] + b"\x80" + data[cut + 1 :]):
            assert isinstance(parse(HEAD + smime(damaged)).text, str)

    def test_nesting_without_end_ends(self):
        assert cms.opened(signed_by_hand(b"\x24\x80" * 100_000))[1] == b""
        assert cms.opened(b"\x30\x80" * 100_000) == ("", b"")


def test_smime_that_is_encrypted_is_said_to_be(enveloped):
    raw = HEAD + smime(enveloped, b"application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m")
    assert parse(raw).text == SMIME
    assert files(raw) == {"smime.p7m": enveloped}


def test_what_is_signed_around_what_is_encrypted_is_encrypted(signed, enveloped):
    assert parse(HEAD + smime(signed(smime(enveloped)))).text == SMIME


def compressed(octets, wrap=der):
    inner = wrap(0x30, DATA, wrap(0xA0, wrap(0x24, der(0x04, octets[:9]), der(0x04, octets[9:]))))
    algorithm = der(0x30, der(0x06, bytes.fromhex("2a864886f70d0109100308")))
    kind = der(0x06, bytes.fromhex("2a864886f70d0109100109"))
    return wrap(0x30, kind, wrap(0xA0, wrap(0x30, der(0x02, b"\0"), algorithm, inner)))


@pytest.mark.parametrize("wrap", [der, indefinite])
def test_compressed_mail_is_read(wrap):
    message = parse(HEAD + smime(compressed(zlib.compress(ENTITY), wrap)))
    assert message.text.strip() == "hello"


def test_compressed_mail_that_is_damaged_is_said_to_be_there():
    assert parse(HEAD + smime(compressed(b"no zlib at all"))).text == IN_CMS.format("smime.p7m")


def test_what_is_compressed_to_nearly_nothing_stays_bounded():
    bomb = zlib.compress(ENTITY + b"x" * 30_000_000, 9)
    assert 9_000_000 < len(parse(HEAD + smime(compressed(bomb)), max_text=20_000_000).text) < 10_000_000


def test_of_many_compressed_parts_one_is_opened():
    part = b"--b\r\n" + smime(compressed(zlib.compress(ENTITY))) + b"\r\n"
    message = parse(HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 3 + b"--b--")
    assert message.text.count("hello") == 1
    assert len(message.attachments) == 3


def test_auth_enveloped_data_is_encrypted():
    content = der(0x06, bytes.fromhex("2a864886f70d0109100117"))
    assert parse(HEAD + smime(der(0x30, content, der(0xA0)))).text == SMIME


@pytest.mark.parametrize(
    ("type_", "name"),
    [
        (b"application/pgp-signature", "signature.asc"),
        (b"application/pkcs7-signature; name=smime.p7s", "smime.p7s"),
        (b"application/x-pkcs7-signature", "smime.p7s"),
    ],
)
def test_clear_signed_mail_is_its_text_and_a_signature(type_, name):
    raw = HEAD + b"Content-Type: multipart/signed; boundary=o\r\n\r\n--o\r\n" + ENTITY
    raw += b"--o\r\nContent-Type: " + type_ + b"\r\n\r\nSIG\r\n--o--\r\n"
    assert parse(raw).text == "hello"
    assert files(raw) == {name: b"SIG"}


class TestOpenPgp:
    ARMOUR = b"-----BEGIN PGP MESSAGE-----\r\nVersion: x\r\n\r\nhQIOA\r\n=abcd\r\n-----END PGP MESSAGE-----"
    SIGNED = (
        b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nhello\r\n- - dash\r\n- -----BEGIN PGP\r\n"
        b"-----BEGIN PGP SIGNATURE-----\r\n\r\niQ\r\n-----END PGP SIGNATURE-----"
    )

    def test_multipart_encrypted_says_so(self):
        raw = HEAD + b"Content-Type: multipart/encrypted; protocol=application/pgp-encrypted; boundary=o\r\n\r\n"
        raw += b"--o\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
        raw += b"--o\r\nContent-Type: application/octet-stream; name=encrypted.asc\r\n\r\n" + self.ARMOUR + b"\r\n--o--"
        assert parse(raw).text == OPENPGP
        assert files(raw) == {"encrypted.asc": self.ARMOUR}

    def test_it_is_said_beside_what_a_list_added_and_after_exchange_took_it_apart(self):
        raw = HEAD + b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\n\r\n"
        raw += b"--o\r\nContent-Type: application/pgp-encrypted; name=v.txt\r\n\r\nVersion: 1\r\n"
        raw += b"--o\r\nContent-Type: application/octet-stream; name=e.asc\r\n\r\nx\r\n--o\r\n\r\nfooter\r\n--o--"
        assert parse(raw).text.split("\n\n") == ["", OPENPGP, "footer"]

    def test_an_encrypted_passage_is_said_to_be_one(self):
        raw = HEAD + b"\r\nabove\r\n" + self.ARMOUR + b"\r\nbelow\r\n"
        assert parse(raw).text == f"above\n{OPENPGP}\nbelow\n"
        assert files(raw) == {"encrypted.asc": self.ARMOUR}

    @pytest.mark.parametrize("ends", [b"\r\n", b"\n"])
    def test_signed_text_is_shown_without_armour(self, ends):
        signed = self.SIGNED.replace(b"\r\n", ends)
        raw = HEAD + ends + b"above" + ends + signed + ends + b"below" + ends
        assert parse(raw).text == "above\nhello\n- dash\n-----BEGIN PGP\nbelow\n"
        assert files(raw)["signature.asc"].startswith(b"-----BEGIN PGP SIGNATURE-----")

    def test_two_passages_have_two_names(self):
        raw = HEAD + b"\r\n" + self.ARMOUR + b"\r\n" + self.ARMOUR + b"\r\n"
        assert list(files(raw)) == ["encrypted.asc", "encrypted (2).asc"]

    @pytest.mark.parametrize(
        "text",
        [
            "Paste -----BEGIN PGP MESSAGE----- there.\n",
            "-----BEGIN PGP MESSAGE-----\nnever closed\n",
            "-----BEGIN PGP SIGNED MESSAGE-----\nnever closed\n",
            "-----BEGIN PGP SIGNED MESSAGE-----\n-----BEGIN PGP SIGNATURE-----\n",
            "> -----BEGIN PGP MESSAGE-----\n> x\n> -----END PGP MESSAGE-----\n",
            "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQENB\n-----END PGP PUBLIC KEY BLOCK-----\n",
        ],
    )
    def test_other_text_stays(self, text):
        message = parse(HEAD + b"\n" + text.encode())
        assert (message.text, message.attachments) == (text, ())

    def test_nothing_is_said_to_be_verified(self, signed):
        for raw in (HEAD + smime(signed(ENTITY)), HEAD + b"\r\n" + self.SIGNED):
            message = parse(raw)
            said = f"{message.text} {message.defects} {[file.name for file in message.attachments]}".lower()
            assert not any(word in said for word in ("verif", "valid", "good", "trust"))
