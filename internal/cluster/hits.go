package cluster

// hits.go answers: how is a search's answer taken apart while it still arrives, hit by hit, each hit's bytes as they
// are? Only one hit is held in memory, so that documents of many MiB don't add up. Next: snapshots.go.

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	// readChunk is how much is read from the connection at a time.
	readChunk = 64 << 10
	// maxHit bounds one document with its metadata: servers take no request over 100 MiB unless told otherwise.
	maxHit = 1 << 30
	// maxEnvelope bounds everything around the hits: counts, scroll id, shard failures.
	maxEnvelope = 16 << 20
	// maxDepth bounds how deep the envelope nests; real ones reach about six.
	maxDepth = 100
)

var errHits = errors.New("the search's answer is no complete JSON")

// hitReader walks over {"_scroll_id":…,"hits":{…,"hits":[{…},{…}]},…}.
type hitReader struct {
	source io.Reader
	buffer []byte // what was read; buffer[next:] is not yet used
	next   int
	// envelope is the answer with the hits array emptied.
	envelope []byte
}

// container is an object or array that the walk is within, with the key under which it stands.
type container struct {
	array bool
	key   string
}

// read calls each for every hit; the bytes are valid only during the call. It returns the envelope.
func (r *hitReader) read(each func(hit []byte) error) ([]byte, error) {
	var within []container
	key, keyNext := "", false
	for {
		char, err := r.byte()
		if err == io.EOF && len(within) == 0 && len(r.envelope) > 0 {
			return r.envelope, nil
		}
		if err != nil {
			return nil, incomplete(err)
		}
		if len(r.envelope) > maxEnvelope || len(within) > maxDepth {
			return nil, fmt.Errorf("%w: more than %d MiB around the hits, or nested deeper than %d", errHits, maxEnvelope>>20, maxDepth)
		}
		if char == '[' && key == "hits" && len(within) == 2 && within[1].key == "hits" {
			r.envelope = append(r.envelope, "[]"...)
			if err := r.hits(each); err != nil {
				return nil, err
			}
			key = ""
			continue
		}
		r.envelope = append(r.envelope, char)
		switch char {
		case '"':
			start := len(r.envelope)
			if err := r.text(); err != nil {
				return nil, err
			}
			if keyNext {
				key, keyNext = string(r.envelope[start:len(r.envelope)-1]), false
			}
		case '{', '[':
			within = append(within, container{array: char == '[', key: key})
			key, keyNext = "", char == '{'
		case '}', ']':
			if len(within) == 0 || within[len(within)-1].array != (char == ']') {
				return nil, errHits
			}
			within = within[:len(within)-1]
			key, keyNext = "", false
		case ',':
			key, keyNext = "", len(within) > 0 && !within[len(within)-1].array
		}
	}
}

// text moves the rest of a string, its closing quote included, into the envelope.
func (r *hitReader) text() error {
	for {
		char, err := r.byte()
		if err != nil {
			return incomplete(err)
		}
		r.envelope = append(r.envelope, char)
		switch char {
		case '"':
			return nil
		case '\\':
			escaped, err := r.byte()
			if err != nil {
				return incomplete(err)
			}
			r.envelope = append(r.envelope, escaped)
		}
		if len(r.envelope) > maxEnvelope {
			return errHits
		}
	}
}

// hits hands over the objects up to the end of the array.
func (r *hitReader) hits(each func(hit []byte) error) error {
	for {
		char, err := r.byte()
		if err != nil {
			return incomplete(err)
		}
		switch char {
		case ' ', '\t', '\r', '\n', ',':
		case ']':
			return nil
		case '{':
			r.next--
			hit, err := r.object()
			if err != nil {
				return err
			}
			if err := each(hit); err != nil {
				return err
			}
		default:
			return errHits
		}
	}
}

// object gives the bytes of the object that begins at next, up to its closing brace.
func (r *hitReader) object() ([]byte, error) {
	depth, at := 0, 0 // at is relative to next, since filling moves the bytes
	quoted := false
	for {
		window := r.buffer[r.next:]
		for at < len(window) {
			if quoted {
				end := bytes.IndexByte(window[at:], '"')
				if end < 0 {
					at = len(window)
					break
				}
				at += end + 1
				quoted = escapedQuote(window[:at])
				continue
			}
			switch window[at] {
			case '"':
				quoted = true
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					r.next += at + 1
					return window[:at+1], nil
				}
			}
			at++
		}
		if len(window) > maxHit {
			return nil, fmt.Errorf("one document is larger than %d MiB", maxHit>>20)
		}
		if err := r.fill(); err != nil {
			return nil, incomplete(err)
		}
	}
}

// escapedQuote says whether the quote that text ends with is preceded by an odd number of backslashes.
func escapedQuote(text []byte) bool {
	count := 0
	for i := len(text) - 2; i >= 0 && text[i] == '\\'; i-- {
		count++
	}
	return count%2 == 1
}

func (r *hitReader) byte() (byte, error) {
	for r.next == len(r.buffer) {
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	char := r.buffer[r.next]
	r.next++
	return char, nil
}

// fill reads more behind what isn't used yet, moving that to the front first.
func (r *hitReader) fill() error {
	if r.next > 0 {
		r.buffer = r.buffer[:copy(r.buffer, r.buffer[r.next:])]
		r.next = 0
	}
	if cap(r.buffer)-len(r.buffer) < readChunk {
		larger := make([]byte, len(r.buffer), 2*cap(r.buffer)+readChunk)
		copy(larger, r.buffer)
		r.buffer = larger
	}
	count, err := r.source.Read(r.buffer[len(r.buffer):cap(r.buffer)])
	r.buffer = r.buffer[:len(r.buffer)+count]
	if count > 0 {
		return nil // an error that came with bytes comes again with the next read
	}
	return err
}

func incomplete(err error) error {
	if err == io.EOF {
		return fmt.Errorf("%w: it breaks off", errHits)
	}
	return err
}
