package snapshot

// checksum.go answers: are these the bytes that the snapshot means? Lucene 4.8 and later end each file with magic,
// algorithm and CRC-32 of all before it; the snapshot repeats that CRC in base 36. Next: check.go.

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

const checksumBase = 36

// errNoFooter is for files whose checksum can't be told from their end.
var errNoFooter = errors.New("no checksum at its end")

// hasFooter says whether the snapshot's checksum of a file is the CRC in its footer. Files of Lucene before 4.8 (indices
// made by Elasticsearch before 1.2) have none, and their listed checksum is an Adler-32 or absent.
func (f *FileInfo) hasFooter() bool {
	if f.Checksum == "" || f.WrittenBy == "" {
		return false
	}
	major, rest, _ := strings.Cut(f.WrittenBy, ".")
	minor, _, _ := strings.Cut(rest, ".")
	majorNumber, err := strconv.Atoi(major)
	if err != nil {
		return false
	}
	minorNumber, _ := strconv.Atoi(minor)
	return majorNumber > 4 || majorNumber == 4 && minorNumber >= 8
}

// verifyFooter compares the last bytes of a file with the snapshot's listing and returns the CRC they promise. Where the
// listing promises none (the commit point of an empty shard, up to 2.x) a footer still answers for its own file.
func verifyFooter(f *FileInfo, footer []byte) (uint32, error) {
	if len(footer) != footerSize {
		return 0, errNoFooter
	}
	if magic := binary.BigEndian.Uint32(footer); magic != footerMagic {
		return 0, fmt.Errorf("footer magic %08x: %w", magic, errNoFooter)
	}
	if algorithm := binary.BigEndian.Uint32(footer[4:]); algorithm != algorithmCRC32 {
		return 0, fmt.Errorf("checksum algorithm %d: %w", algorithm, errNoFooter)
	}
	sum := binary.BigEndian.Uint64(footer[8:])
	if listed := strconv.FormatUint(sum, checksumBase); listed != f.Checksum && f.hasFooter() {
		return 0, fmt.Errorf("checksum at its end is %s, the snapshot lists %s", listed, f.Checksum)
	}
	if sum > 0xFFFFFFFF {
		return 0, fmt.Errorf("checksum %x has more than 32 bits", sum)
	}
	return uint32(sum), nil
}

// verifyContent checks a whole file.
func verifyContent(f *FileInfo, content []byte) error {
	if !f.hasFooter() {
		return nil
	}
	if len(content) < footerSize {
		return errNoFooter
	}
	sum, err := verifyFooter(f, content[len(content)-footerSize:])
	if err != nil {
		return err
	}
	if actual := crc32.ChecksumIEEE(content[:len(content)-checksumSize]); actual != sum {
		return fmt.Errorf("bytes have checksum %08x instead of %08x", actual, sum)
	}
	return nil
}
