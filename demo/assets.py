"""Files that the demo's pages point at, made in memory: pictures, a PDF, a Word file.

In: a path and a title. Out: bytes, the same on each run. They are real files of their kind, so that a reader opens
them, but small.
"""

from __future__ import annotations

import struct
import zlib

WIDTH, HEIGHT = 480, 300  # pixels of a picture


def picture(path: str, *, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """A PNG whose colours and stripes follow from its path."""
    seed = zlib.crc32(path.encode())
    low = [60 + (seed >> shift) % 90 for shift in (0, 8, 16)]
    rows = bytearray()
    for y in range(height):
        shade = [min(255, value + y * 110 // height + (8 if y * 7 // height % 2 else 0)) for value in low]
        frame = [230, 230, 230] if y < 6 or y >= height - 6 else shade
        rows += b"\0" + bytes(frame) * width
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pdf(lines: list[str]) -> bytes:
    """A PDF of one page, in the Chinese font that every reader brings along."""
    shown = "".join(f"<{line.encode('utf-16-be').hex()}> Tj 0 -28 Td\n" for line in lines)
    stream = f"BT /F1 14 Tf 72 760 Td\n{shown}ET".encode()
    font = "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [5 0 R] >>"
    descendant = (
        "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light"
        " /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /DW 1000 >>"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 6 0 R"
        b" /Resources << /Font << /F1 4 0 R >> >> >>",
        font.encode(),
        descendant.encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    return _pdf_file(objects)


def _pdf_file(objects: list[bytes]) -> bytes:
    """Number the objects and write the table of their places after them."""
    data = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    data += b"xref\n0 %d\n0000000000 65535 f \n%strailer\n" % (size, table)
    return bytes(data) + b"<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, data.rindex(b"xref\n0"))


def document(lines: list[str]) -> bytes:
    """A `.doc` as offices make them by the dozen: rich text under Word's ending."""
    words = "\\par\n".join("".join(f"\\u{ord(c)}?" for c in line) for line in lines)
    return f"{{\\rtf1\\ansi\\ansicpg936\\deff0{{\\fonttbl{{\\f0 SimSun;}}}}\\f0\\fs28\n{words}\\par}}\n".encode()
