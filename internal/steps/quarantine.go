package steps

// quarantine.go answers: where are documents that the target does not take, and who must look at them? Next: redrive.go.

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/load"
)

// QuarantineFile is the name of the file of documents that were set aside, one JSON object a line: index, type, id, the
// target's answer, a proposed repair, and the document as the source has it.
const QuarantineFile = "quarantine.ndjson"

// longestQuarantined bounds a line: a document of 100 MB, escaped.
const longestQuarantined = 512 << 20

// setAside appends documents to the quarantine, those that are not in it yet, and gives these.
func (m *Move) setAside(refused []load.Refused) (fresh []load.Refused, err error) {
	if len(refused) == 0 {
		return nil, nil
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.aside == nil {
		m.aside = map[string]bool{}
		err := m.EachQuarantined(func(_ int, _ []byte, one *load.Refused) error {
			if one != nil { // a line that a crash cut off is written again
				m.aside[quarantineKey(one)] = true
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	encoder.SetEscapeHTML(false)
	for i := range refused {
		one := &refused[i]
		if m.aside[quarantineKey(one)] {
			continue
		}
		repair := load.Propose(one)
		one.Repair = &repair
		if one.Document != nil {
			one.SourceDigest = sourceDigest(one.Document)
		}
		if err := encoder.Encode(one); err != nil {
			return nil, fmt.Errorf("encode a quarantined document: %w", err)
		}
		m.aside[quarantineKey(one)] = true
		fresh = append(fresh, *one)
	}
	return fresh, appendLines(m.Wanted.StateFile(QuarantineFile), lines.Bytes())
}

// appendLines writes behind what a file holds, on a line of its own also where a crash cut the last one off.
func appendLines(path string, lines []byte) error {
	if len(lines) == 0 {
		return nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	stat, err := file.Stat()
	if err == nil && stat.Size() > 0 {
		last := make([]byte, 1)
		if _, err = file.ReadAt(last, stat.Size()-1); err == nil && last[0] != '\n' {
			lines = append([]byte{'\n'}, lines...)
		}
	}
	if err == nil {
		_, err = file.WriteAt(lines, stat.Size())
	}
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// quarantineKey tells documents of the source apart, and the versions of one.
func quarantineKey(one *load.Refused) string {
	key := es.Document{Index: one.Index, Type: one.Type, ID: one.ID}
	if one.Document != nil {
		key.Routing, key.Version = one.Document.Routing, one.Document.Version
	}
	return versionKey(&key)
}

// versionKey is one version of a document of the source.
func versionKey(document *es.Document) string {
	return strings.Join([]string{document.Index, document.Type, document.ID, document.Routing, strconv.FormatInt(document.Version, 10)}, "\t")
}

// EachQuarantined calls visit with every line of the quarantine and its number; one is nil where the line cannot be read.
func (m *Move) EachQuarantined(visit func(number int, line []byte, one *load.Refused) error) error {
	return eachLine(m.Wanted.StateFile(QuarantineFile), "the quarantine", visit)
}

// eachLine calls visit with every line of a file and its number; one is nil where the line is no JSON of its kind. what names
// the file in errors; one that is not there has no lines.
func eachLine[T any](path, what string, visit func(number int, line []byte, one *T) error) error {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	defer func() { _ = file.Close() }() // only read
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, longestQuarantined)
	for number := 0; lines.Scan(); number++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		one := new(T)
		if json.Unmarshal(lines.Bytes(), one) != nil {
			one = nil
		}
		if err := visit(number, lines.Bytes(), one); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	return nil
}

// Quarantined counts the documents that are set aside. A line that nobody can read counts as well.
func Quarantined(m *Move) (int, error) {
	count := 0
	err := m.EachQuarantined(func(int, []byte, *load.Refused) error { count++; return nil })
	return count, err
}

// QuarantineGroup are documents that were set aside for the same reason.
type QuarantineGroup struct {
	Index     string      `json:"index"`
	Documents int         `json:"documents"`
	Error     string      `json:"error"`
	Reason    string      `json:"reason"` // of the first of them
	IDs       []string    `json:"ids"`    // the first few
	Repair    load.Repair `json:"repair"`
}

// groupIDs is how many ids of a group are shown.
const groupIDs = 3

// QuarantineGroups sums the quarantine up by index, error and what can be done.
func (m *Move) QuarantineGroups() ([]QuarantineGroup, error) {
	var groups []QuarantineGroup
	err := m.EachQuarantined(func(number int, _ []byte, one *load.Refused) error {
		if one == nil {
			groups = append(groups, QuarantineGroup{Documents: 1, Error: "unreadable", Reason: fmt.Sprintf("line %d is no JSON", number+1), Repair: load.Repair{Action: "mend the line, or delete it when a later one holds the same document"}})
			return nil
		}
		groups = grouped(groups, one)
		return nil
	})
	return groups, err
}

// grouped adds one document to its group.
func grouped(groups []QuarantineGroup, one *load.Refused) []QuarantineGroup {
	repair := load.Propose(one)
	at := slices.IndexFunc(groups, func(group QuarantineGroup) bool {
		return group.Index == one.Index && group.Error == one.Error && group.Repair == repair
	})
	if at < 0 {
		at = len(groups)
		groups = append(groups, QuarantineGroup{Index: one.Index, Error: one.Error, Reason: one.Reason, Repair: repair})
	}
	groups[at].Documents++
	if len(groups[at].IDs) < groupIDs {
		groups[at].IDs = append(groups[at].IDs, one.ID)
	}
	return groups
}
