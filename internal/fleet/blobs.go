package fleet

// blobs.go answers: where does a worker put what is too large for a value, such as documents that were set aside? A blob
// is durable before the checkpoint that covers it. Next: control.go.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"
)

// blobPatience bounds the writing of one blob; a document of 100 MB over a slow line takes its time.
const blobPatience = 5 * time.Minute

// PutBlob stores bytes under a name, over what was there before. It returns when they are durable.
func (j *Job) PutBlob(ctx context.Context, name string, content []byte) error {
	return j.fleet.attempt(ctx, "store the blob "+name, func(context.Context) error {
		inner, cancel := context.WithTimeout(ctx, blobPatience)
		defer cancel()
		_, err := j.blobs.PutBytes(inner, name, content)
		return err
	})
}

// Blob reads a blob whose name was learned from who stored it: a list of names would be told by any replica, which may
// not have heard of the last.
func (j *Job) Blob(ctx context.Context, name string) (content []byte, err error) {
	err = j.fleet.attempt(ctx, "read the blob "+name, func(context.Context) error {
		inner, cancel := context.WithTimeout(ctx, blobPatience)
		defer cancel()
		result, err := j.blobs.Get(inner, name)
		if err != nil {
			return err
		}
		var buffer bytes.Buffer
		_, err = io.Copy(&buffer, result)
		content = buffer.Bytes()
		return errors.Join(err, result.Close())
	})
	return content, err
}
