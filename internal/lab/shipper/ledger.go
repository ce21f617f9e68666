package shipper

// ledger.go answers: which events were acknowledged, and by which cluster? The proof of a move starts from this list.

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
)

// Ack is one acknowledged event.
type Ack struct {
	ID, Index, URL string
}

// ledger appends acknowledged events to a file.
type ledger struct {
	mu    sync.Mutex
	file  *os.File
	count int64
}

func openLedger(path string) (*ledger, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	return &ledger{file: file}, nil
}

func (l *ledger) write(a Ack) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.file.WriteString(a.ID + "\t" + a.Index + "\t" + a.URL + "\n"); err != nil {
		return fmt.Errorf("write to the ledger: %w", err)
	}
	l.count++
	return nil
}

func (l *ledger) acked() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

// ReadLedger gives every acknowledged event of a ledger, in order, also of one that is still growing. An id may come
// twice when the shipper was killed between the cluster's answer and its own note. No file means none.
func ReadLedger(path string) ([]Ack, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	defer file.Close()
	var acks []Ack
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		// The last line may be cut by a kill: the chunk is still there then and is sent again.
		if len(fields) == 3 {
			acks = append(acks, Ack{fields[0], fields[1], fields[2]})
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	return acks, nil
}
