package cluster

// pointintime.go answers: how is one shard read at one point in time, in the order of its sequence numbers? Each page asks
// for a window of numbers, so that no page makes the node look at more documents than it gives; and since a document that
// is written again gets a higher number, a reading can go on in another process. Next: patience.go.
//
// Elasticsearch: POST /index/_pit, DELETE /_pit {"id"}. OpenSearch: POST /index/_search/point_in_time,
// DELETE /_search/point_in_time {"pit_id":[]}. The search names {"pit":{"id","keep_alive"}} and no index in both.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/tidwall/gjson"
)

const (
	// pointLife is how long a node keeps the view between two pages; a view that ended is opened anew.
	pointLife = "10m"
	// pointAttempts is how often in a row a view is opened anew without a document in between.
	pointAttempts = 5
	// narrowest is the least width of a window of sequence numbers.
	narrowest = 64
)

// canPoint tries whether the cluster gives a point in time for the index: the version alone doesn't tell (licences,
// distributions, rights).
func (c *Client) canPoint(ctx context.Context, index string) (bool, error) {
	dialect, err := c.Dialect(ctx)
	if err != nil || dialect.PointInTime == "" {
		return false, err
	}
	reading := &pointReading{client: c, dialect: dialect, unit: ReadUnit{Index: index, Shard: 0}}
	defer reading.close(ctx)
	err = reading.open(ctx)
	var failure *Error
	if notOffered(err) || errors.As(err, &failure) && failure.Status == http.StatusInternalServerError {
		return false, nil
	}
	return err == nil, err
}

type pointReading struct {
	client  *Client
	dialect Dialect
	unit    ReadUnit
	options ReadOptions
	each    func(int64, es.Document) error
	id      string
	hits    scan // reads hits
	// next is the first sequence number not yet read, last the highest there is in the view.
	next, last int64
	// seen counts documents, expected is how many there should be in all.
	seen, expected int64
	// page is how many documents to ask for, width how many sequence numbers.
	page, width int64
}

func (c *Client) readPoint(ctx context.Context, unit ReadUnit, from int64, options ReadOptions, each func(int64, es.Document) error) error {
	dialect, err := c.Dialect(ctx)
	if err != nil {
		return err
	}
	reading := &pointReading{client: c, dialect: dialect, unit: unit, options: options, each: each, hits: scan{dialect: dialect}, next: max(from, unit.From)}
	reading.page = min(unit.firstPage(options.PageBytes), DefaultPage)
	reading.width = max(narrowest, 2*reading.page)
	defer reading.close(ctx)
	for attempt := 1; ; attempt++ {
		before := reading.seen
		err := reading.run(ctx)
		if err == nil || ctx.Err() != nil || !errors.Is(err, ErrScanBroken) {
			return err
		}
		if reading.seen > before {
			attempt = 1
		}
		if attempt == pointAttempts {
			return err
		}
		reading.close(ctx)
		wait := waitAfter(attempt)
		if options.Busy != nil {
			options.Busy(wait, err)
		}
		if err := Pause(ctx, wait); err != nil {
			return err
		}
	}
}

// run opens a view and reads it to its end.
func (r *pointReading) run(ctx context.Context) error {
	if err := r.open(ctx); err != nil {
		return r.broken(err)
	}
	if err := r.measure(ctx); err != nil {
		return err
	}
	for r.next <= r.last {
		if err := r.window(ctx); err != nil {
			return err
		}
	}
	if r.seen != r.expected {
		return fmt.Errorf("%w: shard %d of %s gave %d documents where it had promised %d", ErrScanBroken, r.unit.Shard, r.unit.Index, r.seen, r.expected)
	}
	return nil
}

func (r *pointReading) open(ctx context.Context) error {
	query := url.Values{"keep_alive": {pointLife}, "preference": {fmt.Sprintf("_shards:%d", r.unit.Shard)}}
	if r.dialect.Version.Product == es.OpenSearch {
		query.Set("allow_partial_pit_creation", "false")
	}
	var answer gjson.Result
	err := patiently(ctx, r.options.Busy, func() error {
		response, err := r.client.Send(ctx, Request{Method: http.MethodPost, Path: Path(r.unit.Index) + "/" + r.dialect.PointInTime, Query: query, Repeatable: true})
		if err == nil {
			answer = gjson.ParseBytes(response.Body)
		}
		return err
	})
	if err != nil {
		return err
	}
	if r.id = answer.Get("pit_id").String(); r.id == "" {
		r.id = answer.Get("id").String()
	}
	if r.id == "" {
		return fmt.Errorf("open a point in time on %s: the answer holds no id: %s", r.unit.Index, shorten(answer.Raw, 200))
	}
	return shardFailure(http.MethodPost, r.dialect.PointInTime, answer)
}

// filter bounds a search to sequence numbers from low up to but not including high; high 0 is no bound.
func filter(low, high int64) map[string]any {
	bounds := map[string]int64{"gte": low}
	if high > 0 {
		bounds["lt"] = high
	}
	return map[string]any{"bool": map[string]any{"filter": []any{map[string]any{"range": map[string]any{"_seq_no": bounds}}}}}
}

// measure asks how many documents are left and which sequence number is the last.
func (r *pointReading) measure(ctx context.Context) error {
	r.last = -1
	total, err := r.search(ctx, map[string]any{"size": 1, "query": filter(r.next, r.unit.To), "sort": []any{map[string]string{"_seq_no": "desc"}}, "track_total_hits": true,
		"_source": false, "seq_no_primary_term": true}, func(document es.Document, _ int) error {
		r.last = document.SeqNo
		return nil
	})
	r.expected = r.seen + total
	return err
}

// window reads the documents of one window, or as many as fit a page.
func (r *pointReading) window(ctx context.Context) error {
	high := min(r.next+r.width, r.last+1)
	var documents, bytes int64
	after := high
	_, err := r.search(ctx, map[string]any{"size": r.page, "query": filter(r.next, high), "sort": []any{map[string]string{"_seq_no": "asc"}}, "track_total_hits": false,
		"version": true, "seq_no_primary_term": true}, func(document es.Document, size int) error {
		documents++
		bytes += int64(size)
		if documents == r.page {
			after = document.SeqNo + 1
		}
		if err := r.each(document.SeqNo+1, document); err != nil {
			return err
		}
		// A page that breaks off in the middle goes on behind what was seen.
		r.next = document.SeqNo + 1
		r.seen++
		return nil
	})
	if err != nil {
		return err
	}
	r.next = after
	if documents < r.page/2 {
		r.width *= 2 // sparse: many documents were written again or deleted
	}
	if documents > 0 {
		fits := r.options.PageBytes / max(1, bytes/documents)
		r.page = min(mostInPage, max(1, min(fits, 2*r.page)))
		r.width = max(r.width, narrowest, r.page)
	}
	if r.options.AfterPage != nil {
		return r.options.AfterPage(ctx, documents, bytes)
	}
	return nil
}

// search asks once and calls each for every hit; it gives the total where that was asked for. What is lost on the road is
// asked for again by who opened the view.
func (r *pointReading) search(ctx context.Context, body map[string]any, each func(es.Document, int) error) (total int64, err error) {
	body["pit"] = map[string]string{"id": r.id, "keep_alive": pointLife}
	request := Request{Method: http.MethodPost, Path: "/_search", Body: mustJSON(body), Repeatable: true, Query: url.Values{"allow_partial_search_results": {"false"}}}
	err = patiently(ctx, r.options.Busy, func() error {
		var begun bool
		total, begun, err = r.answer(ctx, request, each)
		if begun && err != nil && asksForPatience(err) {
			return r.broken(errors.New(err.Error())) // not from the start again: some of the page was handed on
		}
		return err
	})
	var failure *Error
	if !fromVisitor(err) && errors.As(err, &failure) && !errors.Is(err, ErrScanBroken) {
		return total, r.broken(err)
	}
	return total, err
}

func (r *pointReading) answer(ctx context.Context, request Request, each func(es.Document, int) error) (total int64, begun bool, err error) {
	stream, err := r.client.stream(ctx, request)
	if err != nil {
		return 0, false, err
	}
	defer stream.Close()
	reader := hitReader{source: stream}
	var handling error
	envelope, err := reader.read(func(hit []byte) error {
		begun = true
		document, err := r.hits.document(hit)
		if err == nil && document.SeqNo < 0 {
			err = fmt.Errorf("%w: document %s has no sequence number", ErrScanBroken, document.ID)
		}
		if err == nil {
			err = each(document, len(hit))
		}
		handling = err
		return err
	})
	switch {
	case errors.Is(handling, ErrScanBroken):
		return 0, begun, handling
	case handling != nil:
		return 0, begun, &visitorError{handling}
	case err != nil:
		return 0, begun, r.broken(transportError(request, err))
	}
	answer := gjson.ParseBytes(envelope)
	if id := answer.Get("pit_id").String(); id != "" {
		r.id = id
	}
	if err := shardFailure(request.Method, request.Path, answer); err != nil {
		return 0, begun, err
	}
	expected, answered := answer.Get("_shards.total").Int(), answer.Get("_shards.successful").Int()
	if answered < expected || expected == 0 || answer.Get("timed_out").Bool() {
		return 0, begun, r.broken(fmt.Errorf("%d of %d shards answered", answered, expected))
	}
	return answer.Get("hits.total.value").Int(), begun, nil
}

func (r *pointReading) broken(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: shard %d of index %s: %w", ErrScanBroken, r.unit.Shard, r.unit.Index, err)
}

// close frees the view, as a scroll is freed.
func (r *pointReading) close(ctx context.Context) {
	if r.id == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), clearLimit)
	defer cancel()
	request := Request{Method: http.MethodDelete, Path: "/" + r.dialect.PointInTime, Body: mustJSON(map[string]string{"id": r.id})}
	if r.dialect.Version.Product == es.OpenSearch {
		request.Body = mustJSON(map[string][]string{"pit_id": {r.id}})
	}
	r.id = ""
	if stream, err := r.client.once(ctx, request); err == nil {
		stream.Close()
	}
}

// cutBySequence cuts large shards into ranges of sequence numbers; the last is open, for what is written meanwhile.
func (c *Client) cutBySequence(ctx context.Context, shards []ReadUnit, documents, stored int64) ([]ReadUnit, error) {
	dialect, err := c.Dialect(ctx)
	if err != nil {
		return nil, err
	}
	var units []ReadUnit
	for _, shard := range shards {
		pieces := max(1, (shard.Documents+documents-1)/documents, (shard.Bytes+stored-1)/stored)
		if pieces == 1 {
			units = append(units, shard)
			continue
		}
		reading := &pointReading{client: c, dialect: dialect, unit: shard, hits: scan{dialect: dialect}}
		err := reading.open(ctx)
		if err == nil {
			err = reading.measure(ctx)
		}
		reading.close(ctx)
		if err != nil {
			return nil, err
		}
		step := max(1, (reading.last+pieces)/pieces)
		for piece := range pieces {
			unit := shard
			unit.Documents, unit.Bytes = shard.Documents/pieces, shard.Bytes/pieces
			if unit.From = piece * step; piece < pieces-1 {
				unit.To = unit.From + step
			}
			units = append(units, unit)
		}
	}
	return units, nil
}
