package export

// lines.go answers: how are documents read back that this package, or elasticdump, wrote one on a line? Each line is a
// stranger: one that is no document is told with its number and what is wrong, and the next is read. Next: sink.go.

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

const (
	// lineBuffer is how much of a file is read at once.
	lineBuffer = 1 << 20
	// longestLine bounds a line: a document of 100 MB, escaped, with room.
	longestLine = 1 << 30
	// zstdWindow bounds what a stranger's file may make the decoder hold.
	zstdWindow = 256 << 20
)

// ErrBadLine says that a line is no document.
var ErrBadLine = errors.New("not a document")

var (
	gzipMagic = []byte{0x1F, 0x8B}
	zstdMagic = []byte{0x28, 0xB5, 0x2F, 0xFD}
)

// Lines reads one stream of lines, plain or compressed, whichever it is.
type Lines struct {
	reader *bufio.Reader
	closes []func() error
	buffer []byte
	number int64
}

// OpenLines opens a file.
func OpenLines(file string) (*Lines, error) {
	opened, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("open the documents: %w", err)
	}
	lines, err := NewLines(opened)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", file, err), opened.Close())
	}
	lines.closes = append(lines.closes, opened.Close)
	return lines, nil
}

// NewLines reads from a stream; its first bytes tell how it is compressed.
func NewLines(stream io.Reader) (*Lines, error) {
	reader := bufio.NewReaderSize(stream, lineBuffer)
	head, err := reader.Peek(len(zstdMagic))
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read the first bytes: %w", err)
	}
	lines := &Lines{reader: reader}
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		unzipped, err := gzip.NewReader(reader)
		if err != nil {
			return nil, fmt.Errorf("read gzip: %w", err)
		}
		lines.reader, lines.closes = bufio.NewReaderSize(unzipped, lineBuffer), append(lines.closes, unzipped.Close)
	case bytes.HasPrefix(head, zstdMagic):
		decoder, err := zstd.NewReader(reader, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return nil, fmt.Errorf("read zstd: %w", err)
		}
		lines.reader, lines.closes = bufio.NewReaderSize(decoder, lineBuffer), append(lines.closes, func() error { decoder.Close(); return nil })
	}
	return lines, nil
}

// Close ends the reading.
func (l *Lines) Close() error {
	var failures []error
	for _, one := range l.closes {
		failures = append(failures, one())
	}
	return errors.Join(failures...)
}

// Next gives the next line that is not blank, without its line break, and its number from 1. It is valid until the next
// call. io.EOF is the end; an end within compressed data is an error.
func (l *Lines) Next() (line []byte, number int64, err error) {
	for {
		line, err := l.read()
		if err != nil {
			return nil, l.number, err
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line, l.number, nil
		}
	}
}

func (l *Lines) read() ([]byte, error) {
	l.buffer = l.buffer[:0]
	l.number++
	for {
		part, err := l.reader.ReadSlice('\n')
		switch {
		case err == nil && len(l.buffer) == 0:
			return part, nil
		case err == io.EOF && len(l.buffer)+len(part) == 0:
			return nil, io.EOF
		case err == nil || err == io.EOF:
			return append(l.buffer, part...), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("line %d: %w", l.number, err)
		}
		if l.buffer = append(l.buffer, part...); len(l.buffer) > longestLine {
			return nil, fmt.Errorf("line %d is longer than %d MiB", l.number, longestLine>>20)
		}
	}
}

// ParseLine reads a document from a line. What is wrong with it is an error that wraps ErrBadLine.
func ParseLine(line []byte, into *es.Document) error {
	*into = es.Document{SeqNo: -1}
	if !gjson.ValidBytes(line) {
		return fmt.Errorf("%w: it is no JSON", ErrBadLine)
	}
	root := gjson.ParseBytes(line)
	if !root.IsObject() {
		return fmt.Errorf("%w: it is no JSON object", ErrBadLine)
	}
	root.ForEach(func(key, value gjson.Result) bool {
		switch key.String() {
		case "_index":
			into.Index = value.String()
		case "_type":
			into.Type = value.String()
		case "_id":
			into.ID = value.String()
		case "_routing", "routing":
			into.Routing = value.String()
		case "_parent", "parent":
			into.Parent = value.String()
		case "fields": // elasticdump out of 1.x
			if routing := value.Get("_routing"); routing.Exists() && into.Routing == "" {
				into.Routing = routing.String()
			}
			if parent := value.Get("_parent"); parent.Exists() && into.Parent == "" {
				into.Parent = parent.String()
			}
		case "_version":
			into.Version = value.Int()
		case "_seq_no":
			into.SeqNo = value.Int()
		case "_primary_term":
			into.PrimaryTerm = value.Int()
		case "_timestamp":
			into.Timestamp, into.HasTimestamp = value.Int(), true
		case "_expiry":
			into.Expiry, into.HasExpiry = value.Int(), true
		case "_source":
			into.Source = json.RawMessage(value.Raw)
		}
		return true
	})
	switch {
	case into.Index == "":
		return fmt.Errorf("%w: it names no _index", ErrBadLine)
	case into.ID == "":
		return fmt.Errorf("%w: it has no _id, without which it would be there twice after a second run", ErrBadLine)
	case len(into.Source) == 0:
		return fmt.Errorf("%w: it has no _source", ErrBadLine)
	case into.Source[0] != '{':
		return fmt.Errorf("%w: its _source is no object", ErrBadLine)
	}
	return nil
}
