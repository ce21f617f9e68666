package cluster

// client.go answers: how does one request reach the cluster, when is it repeated, and when is the server given up?
// Next: errors.go.

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
)

// Limits of one call.
const (
	// DefaultRetries with the waits below spans about a minute and a half: a node's restart, an AWS throttle.
	DefaultRetries = 7
	firstWait      = 500 * time.Millisecond
	longestWait    = 30 * time.Second
	// maxResponse bounds an answer read as a whole; scans stream and know no such limit. Cluster states with
	// thousands of mappings are some tens of MiB.
	maxResponse = 512 << 20
	// maxErrorBody is how much of a refusal is read: a reason, not a page of stack traces.
	maxErrorBody = 1 << 20
)

// Request is one call. Path begins with "/" and is already escaped; Path() builds one.
type Request struct {
	Method, Path string
	Query        url.Values
	Body         []byte
	// ContentType of the body; empty means application/json.
	ContentType string
	// Repeatable says that doing it twice is harmless. GET and HEAD always are.
	Repeatable bool
	// Once says that the call is never repeated here, not even where that is harmless: the caller does it in its own time.
	Once bool
	// Gzip compresses the body. Versions 1.x and 2.x drop the connection on that: see Dialect.GzipRequests.
	Gzip bool
	// Timeout replaces the client's, for calls that are silent for long.
	Timeout time.Duration
}

// Response is an answer read as a whole, with a status below 300.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// RetryEvent tells that a call is about to be repeated.
type RetryEvent struct {
	Method, Path string
	Attempt      int
	Wait         time.Duration
	Cause        error
}

// Path joins segments (index names, ids) into an escaped path: Path("a/b", "_doc") is "/a%2Fb/_doc".
func Path(segments ...string) string {
	var path strings.Builder
	for _, segment := range segments {
		path.WriteByte('/')
		path.WriteString(url.PathEscape(segment))
	}
	return path.String()
}

// maxNames keeps a list of index names in a path below the 4 KiB that servers take as a request's first line.
const maxNames = 3000

// nameLists joins index names with commas, escaped for a path, in as many lists as it takes. No names give one empty list.
func nameLists(indices []string) []string {
	lists := []string{""}
	for _, index := range indices {
		escaped := escapeNames(index)
		last := &lists[len(lists)-1]
		switch {
		case *last == "":
			*last = escaped
		case len(*last)+1+len(escaped) > maxNames:
			lists = append(lists, escaped)
		default:
			*last += "," + escaped
		}
	}
	return lists
}

// below puts a list of names into a path, when there is one.
func below(path, list string) string {
	if list == "" {
		return path
	}
	return path + "/" + list
}

// Do sends one call with a JSON body and reads the answer. GET and HEAD are repeated where that helps; to repeat
// others, use Send. An answer from status 300 on is an *Error.
func (c *Client) Do(ctx context.Context, method, path string, query url.Values, body []byte) (*Response, error) {
	return c.Send(ctx, Request{Method: method, Path: path, Query: query, Body: body})
}

// Send sends one call and reads the answer as a whole.
func (c *Client) Send(ctx context.Context, request Request) (*Response, error) {
	request, err := compressed(request)
	if err != nil {
		return nil, err
	}
	var response *Response
	err = c.repeated(ctx, request, func() error {
		stream, err := c.once(ctx, request)
		if err != nil {
			return err
		}
		defer stream.Close()
		body, err := io.ReadAll(io.LimitReader(stream, maxResponse+1))
		if err != nil {
			return transportError(request, err)
		}
		if len(body) > maxResponse {
			return &Error{Method: request.Method, Path: request.Path, Reason: "the answer is larger than 512 MiB",
				Hint: "ask for fewer indices at once"}
		}
		response = &Response{Status: stream.status, Header: stream.header, Body: body}
		return nil
	})
	return response, err
}

// stream sends one call and hands over the body unread. The caller closes it. Only the way up to the first byte of
// the body is ever repeated.
func (c *Client) stream(ctx context.Context, request Request) (*responseStream, error) {
	var stream *responseStream
	err := c.repeated(ctx, request, func() error {
		var err error
		stream, err = c.once(ctx, request)
		return err
	})
	return stream, err
}

// repeated runs attempt until it succeeds, a repeat could do harm or would not help, or patience ends.
func (c *Client) repeated(ctx context.Context, request Request, attempt func() error) error {
	wait := firstWait
	for number := 1; ; number++ {
		err := attempt()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s %s: %w", request.Method, request.Path, context.Cause(ctx))
		}
		var failure *Error
		if !errors.As(err, &failure) || number > c.retries || request.Once || !failure.worthRepeating(request) {
			return err
		}
		pause := wait/2 + rand.N(wait/2) // spread, so that many workers don't come back at once
		pause = max(pause, min(failure.RetryAfter, longestWait))
		if c.onRetry != nil {
			c.onRetry(RetryEvent{Method: request.Method, Path: request.Path, Attempt: number, Wait: pause, Cause: err})
		}
		if err := Pause(ctx, pause); err != nil {
			return fmt.Errorf("%s %s: %w", request.Method, request.Path, err)
		}
		wait = min(2*wait, longestWait)
	}
}

// worthRepeating: a call that never reached the server is always safe to repeat; any other only when its repeat is
// harmless. A 429 may come after the work was begun (timeouts answer so since 9.0), so it counts among the others.
func (e *Error) worthRepeating(request Request) bool {
	if errors.Is(e, ErrRefused) {
		return true
	}
	if !request.Repeatable && request.Method != http.MethodGet && request.Method != http.MethodHead {
		return false
	}
	switch e.Status {
	case 0:
		return errors.Is(e, ErrConnection) || errors.Is(e, ErrSilent)
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		// A second snapshot beside a running one answers 503, and goes on answering it for hours.
		return !errors.Is(e, ErrSnapshotRunning)
	}
	return false
}

// responseStream is an answer whose body is read while a watch looks after the server's silence.
type responseStream struct {
	body   io.ReadCloser
	status int
	header http.Header
	watch  *silenceWatch
}

// Read reads on; the watch runs only meanwhile, since the pauses between reads are our own.
func (s *responseStream) Read(buffer []byte) (int, error) {
	s.watch.start()
	count, err := s.body.Read(buffer)
	s.watch.stop()
	if err != nil && err != io.EOF {
		err = s.watch.explain(err)
	}
	return count, err
}

// Close ends the call.
func (s *responseStream) Close() error {
	s.watch.cancel(nil)
	return s.body.Close()
}

// silenceWatch cancels a call once the server was silent for too long. It is reset by every byte either way.
type silenceWatch struct {
	limit  time.Duration
	timer  *time.Timer
	cancel context.CancelCauseFunc
	ctx    context.Context // the call's own context, kept only to learn the cause of its end
}

func newSilenceWatch(ctx context.Context, limit time.Duration) *silenceWatch {
	watch := &silenceWatch{limit: limit}
	watch.ctx, watch.cancel = context.WithCancelCause(ctx)
	watch.timer = time.AfterFunc(limit, func() {
		watch.cancel(fmt.Errorf("%w for %s", ErrSilent, limit))
	})
	return watch
}

func (w *silenceWatch) start() { w.timer.Reset(w.limit) }
func (w *silenceWatch) stop()  { w.timer.Stop() }

func (w *silenceWatch) explain(err error) error {
	if cause := context.Cause(w.ctx); cause != nil && errors.Is(cause, ErrSilent) {
		return cause
	}
	return err
}

// watchedBody is a request's body whose sending counts as life.
type watchedBody struct {
	*bytes.Reader
	watch *silenceWatch
}

func (b watchedBody) Read(buffer []byte) (int, error) {
	b.watch.start()
	return b.Reader.Read(buffer)
}

func (b watchedBody) Close() error { return nil }

// once makes one attempt. It returns an *Error for everything that isn't a status below 300.
func (c *Client) once(ctx context.Context, request Request) (*responseStream, error) {
	limit := c.timeout
	if request.Timeout > 0 {
		limit = request.Timeout
	}
	watch := newSilenceWatch(ctx, limit)
	stream, err := c.exchange(request, watch)
	if err != nil {
		watch.stop()
		watch.cancel(nil)
		return nil, err
	}
	return stream, nil
}

func (c *Client) exchange(request Request, watch *silenceWatch) (*responseStream, error) {
	outgoing, err := c.outgoing(request, watch)
	if err != nil {
		return nil, err
	}
	answer, err := c.http.Do(outgoing)
	if err != nil {
		return nil, transportError(request, watch.explain(err))
	}
	watch.stop()
	stream := &responseStream{body: answer.Body, status: answer.StatusCode, header: answer.Header, watch: watch}
	if answer.StatusCode < http.StatusMultipleChoices {
		return stream, nil
	}
	defer stream.Close()
	// A refusal whose text breaks off is still a refusal; the status says more than the lost rest.
	body, _ := io.ReadAll(io.LimitReader(stream, maxErrorBody))
	return nil, refusal(request, answer, body)
}

func (c *Client) outgoing(request Request, watch *silenceWatch) (*http.Request, error) {
	if !strings.HasPrefix(request.Path, "/") {
		return nil, fmt.Errorf("path %q does not begin with a slash", request.Path)
	}
	address := c.base.String() + request.Path
	if len(request.Query) > 0 {
		// AWS's canonical form knows no "+" for a blank.
		address += "?" + strings.ReplaceAll(request.Query.Encode(), "+", "%20")
	}
	outgoing, err := http.NewRequestWithContext(watch.ctx, request.Method, address, nil)
	if err != nil {
		return nil, fmt.Errorf("build %s %s: %w", request.Method, request.Path, err)
	}
	if len(request.Body) > 0 {
		outgoing.Body = watchedBody{bytes.NewReader(request.Body), watch}
		outgoing.GetBody = func() (io.ReadCloser, error) {
			return watchedBody{bytes.NewReader(request.Body), watch}, nil
		}
		outgoing.ContentLength = int64(len(request.Body))
		outgoing.Header.Set("Content-Type", request.ContentType)
		if request.ContentType == "" {
			outgoing.Header.Set("Content-Type", "application/json")
		}
		if request.Gzip {
			outgoing.Header.Set("Content-Encoding", "gzip")
		}
	}
	outgoing.Header.Set("Accept", "application/json")
	outgoing.Header.Set("User-Agent", c.userAgent)
	switch {
	case c.signer != nil:
		hash := sha256.Sum256(request.Body)
		if err := c.signer.Sign(watch.ctx, outgoing, hex.EncodeToString(hash[:])); err != nil {
			return nil, &Error{Method: request.Method, Path: request.Path, Cause: err, Kind: ErrCredentials,
				Reason: "sign the request: " + err.Error(),
				Hint:   "check the AWS credentials (profile, environment, instance role) and the region"}
		}
	case c.apiKey != "":
		outgoing.Header.Set("Authorization", "ApiKey "+string(c.apiKey))
	case c.basic.User != "":
		pair := c.basic.User + ":" + string(c.basic.Password)
		outgoing.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	return outgoing, nil
}

// compressors are kept, since each holds a megabyte of tables.
var compressors = sync.Pool{New: func() any {
	writer, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		panic("gzip knows its own levels: " + err.Error())
	}
	return writer
}}

// compressed gzips the body once, before the first attempt, so that repeats and the signature use the same bytes.
func compressed(request Request) (Request, error) {
	if !request.Gzip || len(request.Body) == 0 {
		return request, nil
	}
	const usual = 4 // text shrinks at least to a fourth
	buffer := bytes.NewBuffer(make([]byte, 0, len(request.Body)/usual))
	writer := compressors.Get().(*gzip.Writer)
	defer compressors.Put(writer)
	writer.Reset(buffer)
	if _, err := writer.Write(request.Body); err != nil {
		return request, fmt.Errorf("compress a request: %w", err)
	}
	if err := writer.Close(); err != nil {
		return request, fmt.Errorf("compress a request: %w", err)
	}
	request.Body = buffer.Bytes()
	return request, nil
}

// retryAfter reads the header in seconds; the date form is not used by either product.
func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(strings.TrimSpace(header.Get("Retry-After")))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
