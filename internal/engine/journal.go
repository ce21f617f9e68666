package engine

// journal.go answers: what is on disk, so that a killed run can go on? Next: run.go.
//
// The journal is a text file, one record a line, only ever appended to, synced before Append returns:
//
//	8 hexadecimal digits   CRC-32C of the rest of the line, chained: it starts from the previous record's CRC
//	1 space
//	JSON object            Record
//	1 newline
//
// A last line without its newline, or with a wrong checksum, is a write that a crash cut off: it is dropped, since
// nothing was done before the record was whole. A wrong checksum anywhere else refuses the journal.

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

const (
	checksumDigits = 8
	// maxRecord bounds a line: state beyond it belongs in a file of its own.
	maxRecord = 4 << 20
)

// RecordKind says what a record tells.
type RecordKind string

// The kinds of records.
const (
	RecordPlan      RecordKind = "plan"       // the run's plan: its hash and the steps' ids
	RecordBegin     RecordKind = "begin"      // about to apply a step
	RecordSave      RecordKind = "save"       // a value that the step needs again after a crash
	RecordDone      RecordKind = "done"       // applied and verified
	RecordFailed    RecordKind = "failed"     // Apply or Verify gave an error
	RecordUndoBegin RecordKind = "undo-begin" // about to undo a step
	RecordUndone    RecordKind = "undone"     // taken back
)

// Record is one line of the journal. It never holds a secret.
type Record struct {
	Time  time.Time       `json:"time"`
	Kind  RecordKind      `json:"kind"`
	Phase string          `json:"phase,omitempty"`
	Step  string          `json:"step,omitempty"`
	Key   string          `json:"key,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
	Error string          `json:"error,omitempty"`
}

// PlanIdentity is the value of a plan record.
type PlanIdentity struct {
	Hash  string   `json:"hash"`
	Steps []string `json:"steps"`
}

// Journal is the append-only record of one migration. Its methods may be called from several goroutines.
type Journal struct {
	mutex     sync.Mutex
	file      *os.File
	lock      *os.File
	readOnly  bool
	checksum  uint32
	records   []Record
	afterSync func(records int)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// OpenJournal opens or creates the journal at path and takes its lock. It gives ErrBusy when another process has it.
func OpenJournal(path string) (*Journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the journal's folder: %w", err)
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open journal: %w", err), lock.Close())
	}
	journal := &Journal{file: file, lock: lock}
	if err := journal.load(path); err != nil {
		return nil, errors.Join(err, journal.Close())
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return nil, errors.Join(err, journal.Close())
	}
	return journal, nil
}

// ReadJournal reads a journal without taking its lock, for status. A missing file is an empty journal.
func ReadJournal(path string) (*Journal, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return &Journal{readOnly: true}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	journal := &Journal{file: file, readOnly: true}
	if err := journal.load(path); err != nil {
		return nil, errors.Join(err, journal.Close())
	}
	return journal, nil
}

// AfterSync sets a function that runs after each record is on disk, with the number of records so far. Crash tests
// kill the process there.
func (j *Journal) AfterSync(hook func(records int)) { j.afterSync = hook }

// Close lets the lock go.
func (j *Journal) Close() error {
	var errs []error
	if j.file != nil {
		errs = append(errs, j.file.Close())
	}
	if j.lock != nil {
		errs = append(errs, j.lock.Close())
	}
	return errors.Join(errs...)
}

// load reads all records and cuts off a torn last line.
func (j *Journal) load(path string) error {
	content, err := io.ReadAll(j.file)
	if err != nil {
		return fmt.Errorf("read journal: %w", err)
	}
	offset := 0
	for offset < len(content) {
		length := bytes.IndexByte(content[offset:], '\n')
		last := length < 0 || offset+length+1 == len(content)
		line := content[offset:]
		if length >= 0 {
			line = line[:length]
		}
		record, checksum, err := parseRecord(line, j.checksum)
		if err == nil && length < 0 {
			err = errors.New("no newline")
		}
		if err != nil {
			if last {
				break
			}
			return WithHint(fmt.Errorf("%s, byte %d: %w: %w", path, offset, ErrJournalCorrupt, err),
				"restore the file from a copy, or move it away and plan anew; hikkoshi looks at both clusters before it does anything")
		}
		j.records = append(j.records, record)
		j.checksum = checksum
		offset += length + 1
	}
	if j.readOnly || offset == len(content) {
		return nil
	}
	if err := j.file.Truncate(int64(offset)); err != nil {
		return fmt.Errorf("cut a torn record off the journal: %w", err)
	}
	if _, err := j.file.Seek(int64(offset), io.SeekStart); err != nil {
		return fmt.Errorf("cut a torn record off the journal: %w", err)
	}
	return nil
}

func parseRecord(line []byte, previous uint32) (Record, uint32, error) {
	var record Record
	if len(line) < checksumDigits+1 || len(line) > maxRecord || line[checksumDigits] != ' ' {
		return record, 0, errors.New("not a record")
	}
	wanted, err := strconv.ParseUint(string(line[:checksumDigits]), 16, 32)
	if err != nil {
		return record, 0, fmt.Errorf("checksum: %w", err)
	}
	body := line[checksumDigits+1:]
	checksum := crc32.Update(previous, castagnoli, body)
	if checksum != uint32(wanted) {
		return record, 0, errors.New("wrong checksum")
	}
	if err := json.Unmarshal(body, &record); err != nil {
		return record, 0, fmt.Errorf("record: %w", err)
	}
	return record, checksum, nil
}

// Append writes a record and syncs it to disk before it returns.
func (j *Journal) Append(record Record) error {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	if j.readOnly {
		return errors.New("the journal was opened for reading")
	}
	record.Time = time.Now().UTC()
	body, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("encode a journal record: %w", err)
	}
	if len(body) > maxRecord-checksumDigits-1 {
		return fmt.Errorf("a journal record of %d bytes exceeds %d", len(body), maxRecord)
	}
	checksum := crc32.Update(j.checksum, castagnoli, body)
	line := fmt.Appendf(nil, "%0*x %s\n", checksumDigits, checksum, body)
	if _, err := j.file.Write(line); err != nil {
		return WithHint(fmt.Errorf("write journal: %w", err), "make room on the disk and run the same command again")
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("sync journal: %w", err)
	}
	j.checksum = checksum
	j.records = append(j.records, record)
	if j.afterSync != nil {
		j.afterSync(len(j.records))
	}
	return nil
}

// Records gives a copy of all records so far.
func (j *Journal) Records() []Record {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return append([]Record(nil), j.records...)
}

// Progress is what the journal says of one step. Done without Begun means that the step found its work already there.
type Progress struct {
	Begun, Done bool
	// Failed holds the last error, when the last attempt ended with one.
	Failed string
	At     time.Time
}

// Step sums up the records of one step of a phase.
func (j *Journal) Step(phase, id string) Progress {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	var progress Progress
	for _, record := range j.records {
		if record.Phase != phase || record.Step != id {
			continue
		}
		switch record.Kind {
		case RecordBegin:
			progress = Progress{Begun: true, At: record.Time}
		case RecordDone:
			// Without a begin record the world was like that already: not ours to undo.
			progress.Done, progress.Failed, progress.At = true, "", record.Time
		case RecordFailed:
			progress.Failed, progress.At = record.Error, record.Time
		case RecordUndone:
			progress = Progress{At: record.Time}
		}
	}
	return progress
}

// Saved reads the last value that a step saved under key into target, and says whether there is one. Values live on
// after an undo: what was made stays known.
func (j *Journal) Saved(phase, step, key string, target any) (bool, error) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	for i := len(j.records) - 1; i >= 0; i-- {
		record := j.records[i]
		if record.Kind == RecordSave && record.Phase == phase && record.Step == step && record.Key == key {
			if err := json.Unmarshal(record.Value, target); err != nil {
				return false, fmt.Errorf("journal value %s of step %s: %w", key, step, err)
			}
			return true, nil
		}
	}
	return false, nil
}

// Plan gives the identity of the last plan recorded for a phase.
func (j *Journal) Plan(phase string) (PlanIdentity, bool, error) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	for i := len(j.records) - 1; i >= 0; i-- {
		if record := j.records[i]; record.Kind == RecordPlan && record.Phase == phase {
			var identity PlanIdentity
			if err := json.Unmarshal(record.Value, &identity); err != nil {
				return identity, false, fmt.Errorf("journal: plan of %s: %w", phase, err)
			}
			return identity, true, nil
		}
	}
	return PlanIdentity{}, false, nil
}
