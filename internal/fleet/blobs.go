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

// blobPatienceMost bounds the writing of one blob; a document of 100 MB over a slow line takes its time.
const blobPatienceMost = 5 * time.Minute

// attemptBlob tries with tryPatience first and twice as long each time: a blob is several requests, and when the server that
// has one of them dies, no answer to it ever comes.
func (f *Fleet) attemptBlob(ctx context.Context, what string, try func(ctx context.Context) error) error {
	patience := tryPatience
	return f.attempt(ctx, what, func(context.Context) error {
		inner, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		patience = min(2*patience, blobPatienceMost)
		return try(inner)
	})
}

// PutBlob stores bytes under a name, over what was there before. It returns when they are durable.
func (j *Job) PutBlob(ctx context.Context, name string, content []byte) error {
	return j.fleet.attemptBlob(ctx, "store the blob "+name, func(ctx context.Context) error {
		_, err := j.blobs.PutBytes(ctx, name, content)
		return err
	})
}

// Blob reads a blob whose name was learned from who stored it: a list of names would be told by any replica, which may
// not have heard of the last.
func (j *Job) Blob(ctx context.Context, name string) (content []byte, err error) {
	err = j.fleet.attemptBlob(ctx, "read the blob "+name, func(ctx context.Context) error {
		result, err := j.blobs.Get(ctx, name)
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
