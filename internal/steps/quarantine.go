package steps

// quarantine.go answers: where are documents that the target does not take, and who must look at them? Next: kibana.go.

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/hikkoshi/hikkoshi/internal/load"
)

// QuarantineFile is the name of the file of documents that were set aside, one JSON object a line: index, type, id, the
// target's answer, and the lines that were sent.
const QuarantineFile = "quarantine.ndjson"

// longestQuarantined bounds a line: a document of 100 MB, escaped.
const longestQuarantined = 512 << 20

// setAside appends documents to the quarantine, those that are not in it yet.
func (m *Move) setAside(refused []load.Refused) error {
	if len(refused) == 0 {
		return nil
	}
	known, err := m.quarantined()
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	encoder.SetEscapeHTML(false)
	for _, one := range refused {
		if known[one.Index+"\t"+one.Type+"\t"+one.ID] {
			continue
		}
		if err := encoder.Encode(one); err != nil {
			return fmt.Errorf("encode a quarantined document: %w", err)
		}
	}
	file, err := os.OpenFile(m.Wanted.StateFile(QuarantineFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the quarantine: %w", err)
	}
	_, err = file.Write(lines.Bytes())
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write the quarantine: %w", err)
	}
	return nil
}

// quarantined reads which documents are set aside, by index, type and id.
func (m *Move) quarantined() (map[string]bool, error) {
	known := map[string]bool{}
	file, err := os.Open(m.Wanted.StateFile(QuarantineFile))
	if errors.Is(err, os.ErrNotExist) {
		return known, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the quarantine: %w", err)
	}
	defer func() { _ = file.Close() }() // only read
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, longestQuarantined)
	for lines.Scan() {
		var one load.Refused
		if json.Unmarshal(lines.Bytes(), &one) == nil { // a line that a crash cut off is written again
			known[one.Index+"\t"+one.Type+"\t"+one.ID] = true
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the quarantine: %w", err)
	}
	return known, nil
}

// Quarantined counts the documents that are set aside.
func Quarantined(m *Move) (int, error) {
	known, err := m.quarantined()
	return len(known), err
}
