package export

// compress.go answers: how is output compressed by many workers at once? Both gzip and zstd allow members one after the
// other in one file, so each worker makes members of its own.

import (
	"bytes"
	"fmt"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Compression of NDJSON.
type Compression int

// The compressions.
const (
	Plain Compression = iota
	Gzip
	Zstd
)

// ParseCompression reads a compression's name.
func ParseCompression(text string) (Compression, error) {
	switch text {
	case "", "none":
		return Plain, nil
	case "gzip", "gz":
		return Gzip, nil
	case "zstd", "zst":
		return Zstd, nil
	}
	return 0, fmt.Errorf("compression %q: there are none, gzip and zstd", text)
}

// String is the compression's name.
func (c Compression) String() string { return [...]string{"none", "gzip", "zstd"}[c] }

// suffix of files so compressed.
func (c Compression) suffix() string { return [...]string{"", ".gz", ".zst"}[c] }

// compressor makes members. It is for one goroutine.
type compressor struct {
	kind Compression
	gzip *gzip.Writer
	zstd *zstd.Encoder
}

func newCompressor(kind Compression) *compressor { return &compressor{kind: kind} }

// member compresses bytes into memory of its own; plain bytes are returned as they are.
func (c *compressor) member(plain []byte) ([]byte, error) {
	switch c.kind {
	case Gzip:
		var out bytes.Buffer
		if c.gzip == nil {
			c.gzip = gzip.NewWriter(&out)
		} else {
			c.gzip.Reset(&out)
		}
		if _, err := c.gzip.Write(plain); err != nil {
			return nil, err
		}
		err := c.gzip.Close()
		return out.Bytes(), err
	case Zstd:
		if c.zstd == nil {
			var err error
			if c.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)); err != nil {
				return nil, err
			}
		}
		return c.zstd.EncodeAll(plain, nil), nil
	}
	return plain, nil
}
