package snapshot

// framing.go answers: how does a metadata blob become JSON? Every blob but the root index-N and those of 1.x looks so:
//
//	u32 BE  0x3FD76C17            magic of Lucene's codec header
//	vint    length, then bytes    codec name, which says what the blob is
//	i32 BE  1                     version
//	...                           body: plain or compressed SMILE or JSON
//	u32 BE  0xC02893E8            magic of Lucene's codec footer
//	u32 BE  0                     algorithm: CRC-32
//	u64 BE  checksum              over everything before it
//
// The first bytes of the body say how it is compressed; the repository's setting does not, since 5.x compressed root
// blobs but not those of shards under the same setting. Next: rootindex.go.

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/hikkoshi/hikkoshi/internal/binaryjson"
)

const (
	headerMagic    = 0x3FD76C17
	footerMagic    = 0xC02893E8
	footerSize     = 16 // magic, algorithm, checksum
	checksumSize   = 8
	frameVersion   = 1
	maxCodecName   = 127 // one byte of vint; the longest in use is 14
	algorithmCRC32 = 0

	// maxMetadata bounds one metadata blob, stored and unpacked. Clusters with thousands of indices and snapshots
	// stay below 100 MiB.
	maxMetadata = 256 << 20
	// maxInflation bounds unpacked over stored size: DEFLATE itself cannot pass 1032.
	maxInflation = 1040
	// inflationFree is what any blob may unpack to, so that tiny ones are not judged by their ratio.
	inflationFree = 64 << 10
)

// Codec names in the frames.
const (
	codecSnapshot      = "snapshot"
	codecMetadata      = "metadata"
	codecIndexMetadata = "index-metadata"
	codecShardIndex    = "snapshots"
)

// unframe checks header and footer and gives the body as JSON.
func unframe(name string, raw []byte, codec string) ([]byte, error) {
	if len(raw) < 4+1+4+footerSize {
		return nil, corrupt(name, int64(len(raw)), "only %d bytes, too short for a frame", len(raw))
	}
	if magic := binary.BigEndian.Uint32(raw); magic != headerMagic {
		return nil, corrupt(name, 0, "header magic %08x instead of %08x", magic, headerMagic)
	}
	end := len(raw) - footerSize
	if magic := binary.BigEndian.Uint32(raw[end:]); magic != footerMagic {
		return nil, corrupt(name, int64(end), "footer magic %08x instead of %08x", magic, uint32(footerMagic))
	}
	if algorithm := binary.BigEndian.Uint32(raw[end+4:]); algorithm != algorithmCRC32 {
		return nil, corrupt(name, int64(end+4), "checksum algorithm %d", algorithm)
	}
	stored := binary.BigEndian.Uint64(raw[end+8:])
	if actual := uint64(crc32.ChecksumIEEE(raw[:len(raw)-checksumSize])); actual != stored {
		return nil, corrupt(name, int64(end+8), "checksum %08x, bytes have %08x", stored, actual)
	}
	length := int(raw[4])
	if length > maxCodecName || 5+length+4 > end {
		return nil, corrupt(name, 4, "codec name of %d bytes", length)
	}
	if found := string(raw[5 : 5+length]); found != codec {
		return nil, corrupt(name, 5, "codec %q instead of %q", found, codec)
	}
	body := 5 + length + 4
	if version := int32(binary.BigEndian.Uint32(raw[5+length:])); version != frameVersion {
		return nil, &CorruptError{Blob: name, Offset: int64(5 + length), Reason: "frame version", Cause: ErrTooNew}
	}
	return toJSON(name, raw[body:end])
}

// toJSON unpacks a body and turns SMILE into JSON.
func toJSON(name string, body []byte) ([]byte, error) {
	limit := min(maxMetadata, inflationFree+maxInflation*len(body))
	var err error
	switch {
	case bytes.HasPrefix(body, []byte("DFL\x00")):
		body, err = inflate(flate.NewReader(bytes.NewReader(body[4:])), limit)
	case bytes.HasPrefix(body, []byte("ZSTD\x00")):
		var decoder *zstd.Decoder
		decoder, err = zstd.NewReader(bytes.NewReader(body[5:]), zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderMaxMemory(maxMetadata))
		if err == nil {
			body, err = inflate(decoder, limit)
			decoder.Close()
		}
	case bytes.HasPrefix(body, []byte("ZV")):
		body, err = binaryjson.DecodeLZF(nil, body, limit)
	}
	if err != nil {
		return nil, &CorruptError{Blob: name, Offset: -1, Reason: "unpack", Cause: err}
	}
	if bytes.HasPrefix(body, []byte(":)\n")) {
		if body, err = binaryjson.SMILEToJSON(nil, body); err != nil {
			return nil, &CorruptError{Blob: name, Offset: -1, Reason: "SMILE", Cause: err}
		}
	}
	return body, nil
}

var errInflated = errors.New("unpacks to more than is plausible")

func inflate(reader io.Reader, limit int) ([]byte, error) {
	var unpacked bytes.Buffer
	n, err := io.Copy(&unpacked, io.LimitReader(reader, int64(limit)+1))
	if err == nil && n > int64(limit) {
		err = errInflated
	}
	return unpacked.Bytes(), err
}
