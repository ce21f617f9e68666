package s3store

// reader.go answers: how are bytes read so that a broken connection costs a moment and a large read uses several
// connections? A read is cut into parts. The first part is opened at once, so that a missing blob shows at once and its
// size becomes known; the following ones are read ahead as far as the store has room. A reader that gets no room reads
// part after part: room is never waited for, so readers cannot block each other. Next: errors.go.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	// maxBreaks is how many times in a row a body may break off without having given a byte.
	maxBreaks = 5
	// breakPause is the first pause after a break; each following one is twice as long.
	breakPause = 100 * time.Millisecond
)

// errStalled says that a body gave no byte for too long.
var errStalled = errors.New("the connection gave no byte for too long")

// Read implements snapshot.Storage. The blob is read as it was when it was opened: when it is replaced meanwhile, the
// reader ends with an error.
func (s *Store) Read(ctx context.Context, name string, offset, length int64) (io.ReadCloser, error) {
	doing := fmt.Sprintf("read s3://%s/%s", s.bucket, name)
	if name == "" || offset < 0 {
		return nil, fmt.Errorf("%s: %w", doing, fs.ErrInvalid)
	}
	if length == 0 {
		if _, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: &name}); err != nil {
			return nil, explain(doing, err)
		}
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	first := s.part
	if length > 0 && length < first {
		first = length
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &reader{store: s, ctx: ctx, cancel: cancel, name: name, doing: doing}
	body, err := r.open(ctx, offset, first, "")
	if err != nil {
		cancel()
		var status interface{ HTTPStatusCode() int }
		if errors.As(err, &status) && status.HTTPStatusCode() == http.StatusRequestedRangeNotSatisfiable {
			return io.NopCloser(bytes.NewReader(nil)), nil
		}
		return nil, explain(doing, err)
	}
	if body.total < offset {
		body.Close()
		cancel()
		return nil, &Error{kind: fs.ErrInvalid, Doing: doing, Said: "the server ignores the range asked for", Advice: "this is no complete S3: use another endpoint"}
	}
	end := body.total
	if length > 0 && length < end-offset {
		end = offset + length
	}
	r.etag = body.etag
	r.next, r.end = min(offset+first, end), end
	r.current = &part{reader: r, body: body, next: offset, end: r.next}
	return r, nil
}

// reader gives the bytes of one Read in order. It keeps its context, since io.Reader has none and parts are opened later.
type reader struct {
	store   *Store
	ctx     context.Context
	cancel  context.CancelFunc
	name    string
	doing   string
	etag    string
	current io.Reader
	pending []chan fetched // parts being read ahead, in order
	next    int64          // where the part after the pending ones begins
	end     int64
	failed  error
}

type fetched struct {
	content []byte
	err     error
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for r.failed == nil {
		r.readAhead()
		if r.current == nil {
			if r.failed = r.advance(); r.failed != nil {
				break
			}
		}
		n, err := r.current.Read(p)
		if err == io.EOF {
			r.current = nil
			err = nil
		}
		if err != nil {
			r.failed = explain(r.doing, err)
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, r.failed
}

// advance takes the next part: one that was read ahead, or a new one.
func (r *reader) advance() error {
	if len(r.pending) > 0 {
		waited := r.pending[0]
		r.pending = r.pending[1:]
		got := <-waited
		<-r.store.ahead
		if got.err != nil {
			return explain(r.doing, got.err)
		}
		r.current = bytes.NewReader(got.content)
		return nil
	}
	if r.next >= r.end {
		return io.EOF
	}
	start, end := r.next, min(r.next+r.store.part, r.end)
	r.next = end
	r.current = &part{reader: r, next: start, end: end}
	return nil
}

// readAhead starts as many parts as this reader may have under way and the store has room for.
func (r *reader) readAhead() {
	for len(r.pending) < r.store.parallel-1 && r.next < r.end {
		select {
		case r.store.ahead <- struct{}{}:
		default:
			return
		}
		start, end := r.next, min(r.next+r.store.part, r.end)
		r.next = end
		result := make(chan fetched, 1)
		r.pending = append(r.pending, result)
		go func() {
			content := make([]byte, end-start)
			source := &part{reader: r, next: start, end: end}
			_, err := io.ReadFull(source, content)
			source.close()
			result <- fetched{content, err}
		}()
	}
}

// Close ends the reading and waits for the parts under way.
func (r *reader) Close() error {
	r.cancel()
	if open, ok := r.current.(*part); ok {
		open.close()
	}
	for _, waited := range r.pending {
		<-waited
		<-r.store.ahead
	}
	r.pending, r.current = nil, nil
	r.failed = fs.ErrClosed
	return nil
}

// part reads [next, end) and opens the body again where it breaks off.
type part struct {
	reader    *reader
	body      *body
	next, end int64
	breaks    int
}

// Read implements io.Reader.
func (p *part) Read(buffer []byte) (int, error) {
	for {
		if p.next >= p.end {
			p.close()
			return 0, io.EOF
		}
		if p.body == nil {
			opened, err := p.reader.open(p.reader.ctx, p.next, p.end-p.next, p.reader.etag)
			if err != nil {
				return 0, err
			}
			p.body = opened
		}
		n, err := p.body.Read(buffer[:min(int64(len(buffer)), p.end-p.next)])
		p.next += int64(n)
		if n > 0 {
			p.breaks = 0
			return n, nil // an error comes again with the next Read
		}
		if err == nil {
			continue
		}
		p.close()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF // the part is not complete
		}
		if ended := p.reader.ctx.Err(); ended != nil {
			return 0, ended
		}
		if p.breaks++; p.breaks > maxBreaks {
			return 0, err
		}
		select {
		case <-p.reader.ctx.Done():
			return 0, p.reader.ctx.Err()
		case <-time.After(breakPause << (p.breaks - 1)):
		}
	}
}

func (p *part) close() {
	if p.body != nil {
		p.body.Close()
		p.body = nil
	}
}

// open asks for length bytes from offset on, once more where the server takes the request and then says nothing. etag,
// when known, makes the server refuse a blob that was replaced.
func (r *reader) open(ctx context.Context, offset, length int64, etag string) (*body, error) {
	opened, err := r.request(ctx, offset, length, etag)
	if err == errStalled {
		return r.request(ctx, offset, length, etag)
	}
	return opened, err
}

func (r *reader) request(ctx context.Context, offset, length int64, etag string) (*body, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	watch := time.AfterFunc(r.store.stall, func() { cancel(errStalled) })
	input := &s3.GetObjectInput{Bucket: &r.store.bucket, Key: &r.name, Range: aws.String(fmt.Sprintf("bytes=%d-%d", offset, offset+length-1))}
	if etag != "" {
		input.IfMatch = &etag
	}
	answer, err := r.store.client.GetObject(ctx, input)
	if err != nil {
		watch.Stop()
		if context.Cause(ctx) == errStalled {
			err = errStalled
		}
		cancel(nil)
		return nil, err
	}
	total, ranged := totalOf(aws.ToString(answer.ContentRange))
	if !ranged {
		// The whole blob came. From the beginning that is as good; elsewhere it would be the wrong bytes.
		total = aws.ToInt64(answer.ContentLength)
		if offset > 0 {
			total = -1
		}
	}
	return &body{ReadCloser: answer.Body, etag: aws.ToString(answer.ETag), total: total, watch: watch, stall: r.store.stall, ctx: ctx, cancel: cancel}, nil
}

// totalOf reads the blob's size out of "bytes 0-4194303/104857600".
func totalOf(contentRange string) (int64, bool) {
	_, size, found := strings.Cut(contentRange, "/")
	total, err := strconv.ParseInt(size, 10, 64)
	return total, found && err == nil && total >= 0
}

// body is an answer whose connection is given up when it stalls.
type body struct {
	io.ReadCloser
	etag   string
	total  int64
	watch  *time.Timer
	stall  time.Duration
	ctx    context.Context // only to tell a stall from an ended caller
	cancel context.CancelCauseFunc
}

// Read implements io.Reader.
func (b *body) Read(buffer []byte) (int, error) {
	b.watch.Reset(b.stall)
	n, err := b.ReadCloser.Read(buffer)
	b.watch.Stop()
	if err != nil && err != io.EOF && context.Cause(b.ctx) == errStalled {
		err = errStalled
	}
	return n, err
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.watch.Stop()
	b.cancel(nil)
	return b.ReadCloser.Close()
}
