// inflate.go answers: how is a DEFLATE block decoded into a known number of bytes? Used by storedfields_lucene50.go.

package lucene

import (
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"
)

// deflateMaxRatio: DEFLATE turns two bits into at most 258 bytes.
const deflateMaxRatio = 1032

// inflater decodes raw DEFLATE, reusing its memory.
type inflater struct {
	src bytes.Reader
	r   io.ReadCloser
}

// block takes vint length and that many bytes from s, and fills out[start:end] with dictionary out[from:from+dict].
func (z *inflater) block(s *stream, out []byte, start, end, from, dict int) error {
	at := s.offset()
	n, err := s.vint()
	if err != nil {
		return err
	}
	src, err := s.take(n)
	if err != nil {
		return err
	}
	if end == start && n == 0 {
		return nil
	}
	z.src.Reset(src)
	if z.r == nil {
		z.r = flate.NewReaderDict(&z.src, out[from:from+dict])
	} else if err := z.r.(flate.Resetter).Reset(&z.src, out[from:from+dict]); err != nil {
		return err
	}
	if _, err = io.ReadFull(z.r, out[start:end]); err == nil {
		var extra [1]byte
		var more int
		if more, err = z.r.Read(extra[:]); more != 0 {
			return corruptf(s.name, at, "DEFLATE block holds more than %d bytes", end-start)
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return corruptf(s.name, at, "no DEFLATE block of %d bytes: %v", end-start, err)
	}
	return nil
}
