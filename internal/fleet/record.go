package fleet

// record.go answers: how are things named on the servers, and how does a value change so that two who change it at once
// cannot both succeed? Next: job.go.

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// keyBytes of a hash make a key: no two of any number of units that fit on disks share one.
	keyBytes = 16
	// namePrefix begins every name on the servers, which others may use too.
	namePrefix = "hikkoshi_"
)

// plainName is what servers take as a name without a doubt.
var plainName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// bucketName makes a name for servers out of any text.
func bucketName(text string) string {
	if plainName.MatchString(text) {
		return namePrefix + text
	}
	return namePrefix + key(text)
}

// key makes a key out of any text: index names hold what keys must not.
func key(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:keyBytes])
}

func newToken() string {
	var token [keyBytes]byte
	_, _ = rand.Read(token[:]) // never fails, says its documentation
	return hex.EncodeToString(token[:])
}

// value reads one value; found is false where there is none.
func (f *Fleet) value(ctx context.Context, bucket jetstream.KeyValue, name string, into any) (revision uint64, found bool, err error) {
	err = f.attempt(ctx, "read "+name, func(ctx context.Context) error {
		entry, err := bucket.Get(ctx, name)
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			revision, found = 0, false
			return nil
		}
		if err != nil {
			return err
		}
		revision, found = entry.Revision(), true
		return decode(entry.Value(), into)
	})
	return revision, found, err
}

func decode(value []byte, into any) error {
	if err := json.Unmarshal(value, into); err != nil {
		return fmt.Errorf("read a value of the fleet: %w", err)
	}
	return nil
}

// replace writes value over revision (0: where there is none). When another value stands there it gives errChanged, and
// when the answer to an earlier try was lost it knows its own value again. Two different writers must write different
// values, which their tokens see to.
func (f *Fleet) replace(ctx context.Context, bucket jetstream.KeyValue, name string, value any, revision uint64) (uint64, error) {
	encoded, err := json.Marshal(value)
	if err != nil {
		return 0, fmt.Errorf("encode a value of the fleet: %w", err)
	}
	var written uint64
	err = f.attempt(ctx, "write "+name, func(ctx context.Context) error {
		written, err = bucket.Update(ctx, name, encoded, revision)
		if !errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
			return err
		}
		entry, err := bucket.Get(ctx, name)
		switch {
		case errors.Is(err, jetstream.ErrKeyNotFound):
			return errBehind
		case err != nil:
			return err
		case bytes.Equal(entry.Value(), encoded):
			written = entry.Revision()
			return nil
		case entry.Revision() <= revision:
			return errBehind
		}
		return errChanged
	})
	return written, err
}

var (
	// errChanged says that a value is not what it was when it was read.
	errChanged = errors.New("changed by another")
	// errBehind says that a replica answered which has not heard of the newest value yet, or that a write is still under way.
	errBehind = fmt.Errorf("a replica is behind: %w", context.DeadlineExceeded)
)
