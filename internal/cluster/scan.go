package cluster

// scan.go answers: how is every document of one shard, or of a whole index, read through the search API, with its
// source bytes untouched? Next: beside.go.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/tidwall/gjson"
)

const (
	// DefaultPage is how many documents one answer holds. Nodes build a page in memory: 500 log lines are half a MiB.
	DefaultPage = 500
	// scrollLife is how long a node keeps a scroll between two pages: longer than any sensible pause of the reader.
	scrollLife = "10m"
	// clearLimit bounds the goodbye to a scroll when the caller's own context has ended.
	clearLimit = 10 * time.Second
	// typeless is the type name that stands for none from 7.0 on.
	typeless = "_doc"
	// AllShards in ScanOptions.Shard reads the whole index through one scroll.
	AllShards = -1
)

// ErrScanBroken: a page was lost or a shard did not answer, so what was read is not all there is. Begin that scan anew.
var ErrScanBroken = errors.New("scan broken off")

// ScanOptions say what to read of one index.
type ScanOptions struct {
	// Shard reads only that shard (the parallel way that every version has); AllShards reads all. The zero value is
	// shard 0, so set it.
	Shard int
	// Slice and Slices cut the read further, from 5.0 on, where shards are huge. Slices below 2 means no cut.
	Slice, Slices int
	// Query restricts what is read, like {"range":{…}}; empty means everything.
	Query []byte
	// NoSource leaves the sources out: Document.Source is nil then.
	NoSource bool
	// Page is the number of documents per answer; zero means DefaultPage.
	Page int
	// AfterPage is called behind each page, before the next is asked for; it may wait, for minutes at the most.
	AfterPage func(ctx context.Context, documents, bytes int64) error
	// Busy hears of every wait for a source that asked for patience.
	Busy func(wait time.Duration, cause error)
}

// Scan reads documents of one index and calls each for every one. A Document's Source is a copy of the exact bytes and
// may be kept. It returns how many documents the server said there are. Calls of each come one at a time.
//
// A page that got lost can't be asked for again, so any failure ends the scan with ErrScanBroken; the caller forgets
// what it saw and begins anew.
func (c *Client) Scan(ctx context.Context, index string, options ScanOptions, each func(es.Document) error) (total int64, err error) {
	if err := single(index); err != nil {
		return 0, err
	}
	dialect, err := c.Dialect(ctx)
	if err != nil {
		return 0, err
	}
	if options.Slices > 1 && !dialect.SliceScroll {
		return 0, fmt.Errorf("scan %s: slices exist from version 5.0 on, and this is %s", index, dialect.Version)
	}
	scan := &scan{client: c, dialect: dialect, index: index, options: options, each: each}
	if scan.beside, err = c.besideOf(ctx, dialect, index); err != nil {
		return 0, scan.broken(fmt.Errorf("read its mapping: %w", err))
	}
	defer scan.clear(ctx)
	return scan.run(ctx)
}

type scan struct {
	client   *Client
	dialect  Dialect
	index    string
	options  ScanOptions
	beside   beside
	each     func(es.Document) error
	scrollID string
	// seen is how many hits came in all, hits how many on the last page.
	seen, hits int64
	// instant is from when the hits' _ttl is reckoned, once a page with one has come in whole.
	instant int64
	// bytes is what the last page's hits weighed.
	bytes int64
}

func (s *scan) run(ctx context.Context) (int64, error) {
	total, err := s.page(ctx, s.first())
	if err != nil {
		return 0, err
	}
	if err := s.afterPage(ctx); err != nil {
		return total, err
	}
	// With search_type=scan the first page is always empty.
	for first := true; s.hits > 0 || first && s.dialect.ScanSearch; first = false {
		if err := s.next(ctx); err != nil {
			return total, err
		}
		if err := s.afterPage(ctx); err != nil {
			return total, err
		}
	}
	if s.seen != total {
		return total, fmt.Errorf("%w: index %s gave %d documents where it had promised %d", ErrScanBroken, s.index, s.seen, total)
	}
	return total, nil
}

// next reads the following page. One that was turned away before it gave a document is asked for again: had the cursor
// moved all the same, the count at the end would tell.
func (s *scan) next(ctx context.Context) error {
	return patiently(ctx, s.options.Busy, func() error {
		_, err := s.page(ctx, s.following())
		if err != nil && s.hits > 0 && !fromVisitor(err) {
			return fmt.Errorf("%w: index %s: part of a page came: %s", ErrScanBroken, s.index, err.Error())
		}
		return err
	})
}

func (s *scan) afterPage(ctx context.Context) error {
	if s.options.AfterPage == nil {
		return nil
	}
	return s.options.AfterPage(ctx, s.hits, s.bytes)
}

func (s *scan) first() Request {
	page := s.options.Page
	if page <= 0 {
		page = DefaultPage
	}
	query := url.Values{"scroll": {scrollLife}}
	body := map[string]any{"size": page, "version": true}
	if s.dialect.ScanSearch {
		query.Set("search_type", "scan")
	} else {
		body["sort"] = []string{"_doc"}
	}
	if s.options.Shard >= 0 {
		query.Set("preference", fmt.Sprintf("_shards:%d", s.options.Shard))
	}
	if s.options.Slices > 1 {
		body["slice"] = map[string]int{"id": s.options.Slice, "max": s.options.Slices}
	}
	if len(s.options.Query) > 0 {
		body["query"] = json.RawMessage(s.options.Query)
	}
	if s.options.NoSource && !s.dialect.MetaByField {
		body["_source"] = false
	}
	s.beside.ask(body, s.dialect, !s.options.NoSource)
	if s.dialect.SeqNo {
		body["seq_no_primary_term"] = true
	}
	if s.dialect.TotalIsObject {
		query.Set("track_total_hits", "true")
	}
	if s.dialect.PartialSearchResults {
		query.Set("allow_partial_search_results", "false")
	}
	return Request{Method: http.MethodPost, Path: Path(s.index, "_search"), Query: query, Body: mustJSON(body), Repeatable: true}
}

// following asks for the next page, which moves the cursor: never repeated.
func (s *scan) following() Request {
	request := Request{Method: http.MethodPost, Path: "/_search/scroll"}
	if s.dialect.JSONScroll {
		request.Body = mustJSON(map[string]string{"scroll": scrollLife, "scroll_id": s.scrollID})
	} else {
		request.Query, request.Body, request.ContentType = url.Values{"scroll": {scrollLife}}, []byte(s.scrollID), "text/plain"
	}
	return request
}

// page reads one answer and returns the total it tells.
func (s *scan) page(ctx context.Context, request Request) (int64, error) {
	s.hits, s.bytes = 0, 0
	stream, err := s.client.stream(ctx, request)
	if err != nil {
		return 0, s.broken(err)
	}
	defer stream.Close()
	reader := hitReader{source: stream}
	hold := s.beside.expiries // each is reckoned from an instant that a whole page tells
	var held []es.Document
	var handling error
	envelope, err := reader.read(func(hit []byte) error {
		document, err := s.document(hit)
		if hold && err == nil {
			held = append(held, document)
		} else if err == nil {
			err = s.each(document)
		}
		if err != nil {
			handling = err
			return err
		}
		s.hits++
		s.bytes += int64(len(hit))
		return nil
	})
	if handling != nil {
		return 0, &visitorError{handling}
	}
	if err != nil {
		return 0, s.broken(transportError(request, err))
	}
	s.seen += s.hits
	answer := gjson.ParseBytes(envelope)
	if err := s.reckon(ctx, held); err != nil {
		return 0, err
	}
	for _, document := range held {
		if err := s.each(document); err != nil {
			return 0, &visitorError{err}
		}
	}
	if id := answer.Get("_scroll_id").String(); id != "" {
		s.scrollID = id
	}
	if err := shardFailure(request.Method, request.Path, answer); err != nil {
		return 0, s.broken(err)
	}
	// Shards that are not assigned are missing here without being called failed.
	expected, answered := answer.Get("_shards.total").Int(), answer.Get("_shards.successful").Int()
	if answered < expected || answer.Get("timed_out").Bool() {
		return 0, s.broken(fmt.Errorf("%d of %d shards answered", answered, expected))
	}
	total := answer.Get("hits.total")
	if total.IsObject() {
		total = total.Get("value")
	}
	if s.scrollID == "" || !total.Exists() {
		return 0, s.broken(fmt.Errorf("the answer lacks a scroll id or a total: %s", shorten(string(envelope), 200)))
	}
	return total.Int(), nil
}

func (s *scan) broken(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: index %s: %w", ErrScanBroken, s.index, err)
}

var errHit = errors.New("a hit without an id")

// document reads one hit. Routing and parent stand beside the id from 2.0 on, and below "fields" before.
func (s *scan) document(hit []byte) (es.Document, error) {
	document := es.Document{SeqNo: -1}
	gjson.ParseBytes(hit).ForEach(func(key, value gjson.Result) bool {
		switch key.String() {
		case "_index":
			document.Index = value.String()
		case "_type":
			if document.Type = value.String(); document.Type == typeless && !s.dialect.TypesInURL {
				document.Type = ""
			}
		case "_id":
			document.ID = value.String()
		case "_routing":
			document.Routing = value.String()
		case parentField:
			document.Parent = value.String()
		case timestampField:
			document.Timestamp, document.HasTimestamp = firstOf(value).Int(), true
		case expiryField:
			// What is left of it; see reckon.
			document.Expiry, document.HasExpiry = firstOf(value).Int(), s.beside.expiries
		case "_version":
			document.Version = value.Int()
		case "_seq_no":
			document.SeqNo = value.Int()
		case "_primary_term":
			document.PrimaryTerm = value.Int()
		case "_source":
			document.Source = json.RawMessage(value.Raw)
		case "fields":
			if s.dialect.MetaByField {
				document.Routing, document.Parent = value.Get("_routing").String(), value.Get(parentField).String()
				stamp, expiry := value.Get(timestampField), value.Get(expiryField)
				document.Timestamp, document.HasTimestamp = firstOf(stamp).Int(), stamp.Exists()
				document.Expiry, document.HasExpiry = firstOf(expiry).Int(), expiry.Exists()
			}
		}
		return true
	})
	if document.ID == "" {
		return document, fmt.Errorf("%w: %s", errHit, shorten(string(hit), 200))
	}
	return document, nil
}

// clear frees the scroll on the nodes, also when the caller has given up. A failure costs the nodes ten minutes of
// memory and nobody else anything, so it isn't told.
func (s *scan) clear(ctx context.Context) {
	if s.scrollID == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), clearLimit)
	defer cancel()
	request := Request{Method: http.MethodDelete, Path: "/_search/scroll"}
	if s.dialect.JSONScroll {
		request.Body = mustJSON(map[string][]string{"scroll_id": {s.scrollID}})
	} else {
		request.Body, request.ContentType = []byte(s.scrollID), "text/plain"
	}
	if stream, err := s.client.once(ctx, request); err == nil {
		stream.Close()
	}
}
