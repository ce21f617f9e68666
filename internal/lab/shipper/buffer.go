package shipper

// buffer.go answers: where are events between being made and being acknowledged? In files: one that grows, and a queue
// of closed ones, oldest first. A chunk does not know its destination: after a reload the backlog goes to the new one.
// Next: output.go.

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	stagedFile  = "staged.log"
	chunkSuffix = ".chunk"
)

// event is one line of a chunk.
type event struct {
	ID     string          `json:"id"`
	Time   time.Time       `json:"time"`
	Record json.RawMessage `json:"record"`
}

// buffer is the files of one output. What is in them survives kill -9; like fluentd's, it is not synced for power cuts.
type buffer struct {
	mu     sync.Mutex
	dir    string
	limit  int64
	staged *os.File
	size   int64
	next   uint64
}

func openBuffer(dir string, limit int64) (*buffer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the buffer's folder: %w", err)
	}
	b := &buffer{dir: dir, limit: limit}
	chunks, err := b.chunks()
	if err != nil {
		return nil, err
	}
	if len(chunks) > 0 {
		last := strings.TrimSuffix(filepath.Base(chunks[len(chunks)-1]), chunkSuffix)
		if b.next, err = strconv.ParseUint(last, 10, 64); err != nil {
			return nil, fmt.Errorf("a foreign file in the buffer: %w", err)
		}
		b.next++
	}
	if err := b.open(); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *buffer) open() error {
	file, err := os.OpenFile(filepath.Join(b.dir, stagedFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the buffer: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("open the buffer: %w", err), file.Close())
	}
	b.staged, b.size = file, info.Size()
	return nil
}

// add keeps one event; when it returns, the event will be sent some day.
func (b *buffer) add(e event) error {
	line, err := encodeLine(e)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, err := b.staged.Write(line); err != nil {
		return fmt.Errorf("write to the buffer: %w", err)
	}
	b.size += int64(len(line))
	if b.size >= b.limit {
		return b.enqueue()
	}
	return nil
}

// flush closes the growing file, so that it can be sent.
func (b *buffer) flush() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.enqueue()
}

func (b *buffer) enqueue() error {
	if b.size == 0 {
		return nil
	}
	if err := b.staged.Close(); err != nil {
		return fmt.Errorf("close a chunk: %w", err)
	}
	chunk := filepath.Join(b.dir, fmt.Sprintf("%020d%s", b.next, chunkSuffix))
	if err := os.Rename(filepath.Join(b.dir, stagedFile), chunk); err != nil {
		return fmt.Errorf("queue a chunk: %w", err)
	}
	b.next++
	return b.open()
}

// chunks lists the closed files, oldest first.
func (b *buffer) chunks() ([]string, error) {
	found, err := filepath.Glob(filepath.Join(b.dir, "*"+chunkSuffix))
	slices.Sort(found)
	return found, err
}

// read gives a chunk's events. A last line that was cut by a kill never counted as kept and is dropped.
func (b *buffer) read(chunk string) ([]event, error) {
	text, err := os.ReadFile(chunk)
	if err != nil {
		return nil, fmt.Errorf("read a chunk: %w", err)
	}
	var events []event
	for line := range bytes.Lines(text) {
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			if bytes.HasSuffix(line, []byte("\n")) {
				return nil, fmt.Errorf("read chunk %s: %w", filepath.Base(chunk), err)
			}
			continue
		}
		events = append(events, e)
	}
	return events, nil
}

// replace leaves only these events in a chunk, or removes it when there are none.
func (b *buffer) replace(chunk string, events []event) error {
	if len(events) == 0 {
		if err := os.Remove(chunk); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove a sent chunk: %w", err)
		}
		return nil
	}
	var text bytes.Buffer
	for _, e := range events {
		line, err := encodeLine(e)
		if err != nil {
			return err
		}
		text.Write(line)
	}
	if err := os.WriteFile(chunk+".tmp", text.Bytes(), 0o600); err != nil {
		return fmt.Errorf("rewrite a chunk: %w", err)
	}
	return os.Rename(chunk+".tmp", chunk)
}

// backlog counts the chunks and bytes that wait, the growing file included.
func (b *buffer) backlog() (chunks int, bytes int64, err error) {
	// The staged events are looked at first: a flush in between then shows as a chunk, and never as nothing.
	b.mu.Lock()
	bytes = b.size
	b.mu.Unlock()
	if bytes > 0 {
		chunks++
	}
	found, err := b.chunks()
	if err != nil {
		return 0, 0, err
	}
	for _, chunk := range found {
		// A chunk may be sent and removed meanwhile.
		if info, err := os.Stat(chunk); err == nil {
			bytes += info.Size()
		}
	}
	return chunks + len(found), bytes, nil
}

func (b *buffer) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.staged.Close()
}

// encodeLine writes one line of JSON and leaves the record's characters as they are.
func encodeLine(value any) ([]byte, error) {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("encode an event: %w", err)
	}
	return line.Bytes(), nil
}
