package snapshot

// verify.go answers: is one file, read from end to end, what the snapshot promises? Next: check.go.

import (
	"errors"
	"fmt"
	"hash/crc32"
	"path"
)

// verifyBuffer is how much of a file is held while it is read through.
const verifyBuffer = 256 << 10

// Verify reads the whole file, past the cache, and compares it with its checksum. Damage is a CorruptError. Reading ranges
// of a file proves nothing about their bytes; whoever does that and must be sure calls this too.
func (f *File) Verify() error { return f.verify(func(int64) {}) }

func (f *File) verify(advance func(n int64)) error {
	if f.info.Inline != nil {
		if err := verifyContent(f.info, f.info.Inline); err != nil {
			return f.damaged(-1, "inlined content", err)
		}
		return nil
	}
	hash := crc32.NewIEEE()
	summed := max(f.info.Length-checksumSize, 0)
	buffer := make([]byte, min(verifyBuffer, max(f.info.Length, 1)))
	for offset := int64(0); offset < f.info.Length; {
		chunk := buffer[:min(int64(len(buffer)), f.info.Length-offset)]
		if err := f.readRange(chunk, offset); err != nil {
			return err
		}
		if offset < summed {
			hash.Write(chunk[:min(int64(len(chunk)), summed-offset)])
		}
		offset += int64(len(chunk))
		advance(int64(len(chunk)))
	}
	promised, err := f.footer()
	if !f.info.hasFooter() && errors.Is(err, errNoFooter) {
		return nil
	}
	if err != nil {
		return err
	}
	if actual := hash.Sum32(); actual != promised {
		return f.damaged(-1, fmt.Sprintf("bytes have checksum %08x instead of %08x", actual, promised), nil)
	}
	return nil
}

// footer reads the end of the file and returns the CRC it promises.
func (f *File) footer() (uint32, error) {
	if f.info.Length < footerSize {
		return 0, f.damaged(0, "content", errNoFooter)
	}
	var footer [footerSize]byte
	offset := f.info.Length - footerSize
	if err := f.readRange(footer[:], offset); err != nil {
		return 0, err
	}
	sum, err := verifyFooter(f.info, footer[:])
	if err != nil {
		return 0, f.damaged(offset, "content", err)
	}
	return sum, nil
}

func (f *File) damaged(offset int64, reason string, cause error) error {
	return &CorruptError{Blob: path.Join(f.shard.directory, f.info.Blob), File: f.info.Name, Offset: offset, Reason: reason,
		Cause: cause}
}
