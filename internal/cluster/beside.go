package cluster

// beside.go answers: what do old versions keep beside a document's source that a search gives only when asked, or gives
// in another form? Next: hits.go.
//
// A search gives _ttl as what was left of it when the search began, so that no two readings agree, while Lucene holds the
// moment of expiry. All hits of a scroll are reckoned from the same instant. To know it, the moment of one document is
// found by halving a range over its _ttl, some twenty searches for one id that load nothing into the node's heap (field
// data would, and 5.x refuses it); the moment less what was left is the instant, exact to the millisecond.

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

const (
	parentField    = "_parent"
	timestampField = "_timestamp"
	expiryField    = "_ttl"
)

// beside is what one index keeps beside its sources. Asking 1.x for a field that an index does not have makes it look
// into the source, and stumble over big integers there, so that the mapping is asked first.
type beside struct {
	parents, timestamps, expiries bool
}

// besideOf reads the mapping where the version can keep something; others keep nothing.
func (c *Client) besideOf(ctx context.Context, dialect Dialect, index string) (beside, error) {
	if !dialect.ParentMeta {
		return beside{}, nil
	}
	mappings, err := c.Mappings(ctx, index)
	if err != nil {
		return beside{}, err
	}
	var all beside
	for _, mapping := range mappings {
		one := besideIn(mapping, dialect)
		all = beside{all.parents || one.parents, all.timestamps || one.timestamps, all.expiries || one.expiries}
	}
	return all, nil
}

func besideIn(mapping json.RawMessage, dialect Dialect) beside {
	var found beside
	gjson.ParseBytes(mapping).ForEach(func(_, docType gjson.Result) bool {
		found.parents = found.parents || docType.Get(parentField).Exists()
		stamp := docType.Get(timestampField)
		// 1.x stores the time only where the mapping says so; later versions always do.
		found.timestamps = found.timestamps || stamp.Get("enabled").Bool() && (stamp.Get("store").Bool() || !dialect.MetaByField)
		found.expiries = found.expiries || docType.Get(expiryField+".enabled").Bool()
		return true
	})
	return found
}

// ask adds to a search what brings it all.
func (b beside) ask(body map[string]any, dialect Dialect, source bool) {
	if dialect.MetaByField {
		fields := []string{"_routing"}
		if b.parents {
			fields = append(fields, parentField)
		}
		if b.timestamps {
			fields = append(fields, timestampField)
		}
		if b.expiries {
			fields = append(fields, expiryField)
		}
		if source {
			fields = append(fields, "_source")
		}
		body["fields"] = fields
	}
}

// firstSpan is how far, in milliseconds, the clock of a server is believed to be off at first; it doubles up to spanMost.
const (
	firstSpan = 60_000
	spanMost  = int64(1) << 45
	// instantTries is how many documents may have changed since the scroll began before it is given up.
	instantTries = 5
)

// reckon finds the instant by one of the documents of a page, and turns what is left of each into the moment of expiry.
func (s *scan) reckon(ctx context.Context, page []es.Document) error {
	tries := 0
	for i := 0; i < len(page) && s.instant == 0; i++ {
		if !page[i].HasExpiry {
			continue
		}
		if tries++; tries > instantTries {
			return s.broken(fmt.Errorf("%d documents with a _ttl changed while it was found out", instantTries))
		}
		moment, found, err := s.moment(ctx, page[i])
		if err != nil {
			return err
		}
		if found {
			s.instant = moment - page[i].Expiry
		}
	}
	for i := range page {
		if !page[i].HasExpiry {
			continue
		}
		if s.instant == 0 {
			return s.broken(fmt.Errorf("the documents with a _ttl changed while it was found out"))
		}
		page[i].Expiry += s.instant
	}
	return nil
}

// moment finds when a document expires, whose Expiry is what was left of that. It is not found when the document is no
// longer the same, or not the only one of its type and id.
func (s *scan) moment(ctx context.Context, document es.Document) (moment int64, found bool, err error) {
	guess := time.Now().UnixMilli() + document.Expiry
	within := func(from, to int64) (bool, error) {
		total, version, err := s.expiring(ctx, document, from, to)
		return total == 1 && version == document.Version, err
	}
	if total, version, err := s.expiring(ctx, document, math.MinInt64, math.MaxInt64); err != nil || total != 1 || version != document.Version {
		return 0, false, err
	}
	span := int64(firstSpan)
	for ; ; span *= 2 {
		if span > spanMost {
			return 0, false, nil
		}
		inside, err := within(guess-span, guess+span)
		if err != nil {
			return 0, false, err
		}
		if inside {
			break
		}
	}
	from, to := guess-span, guess+span
	for to-from > 1 {
		middle := from + (to-from)/2
		inside, err := within(from, middle)
		if err != nil {
			return 0, false, err
		}
		if inside {
			to = middle
		} else {
			from = middle
		}
	}
	found, err = within(from, to)
	return from, found, err
}

// expiring asks whether a document expires within [from, to), and for its version.
func (s *scan) expiring(ctx context.Context, document es.Document, from, to int64) (total, version int64, err error) {
	query := map[string]any{"bool": map[string]any{"must": []any{
		map[string]any{"ids": map[string]any{"type": document.Type, "values": []string{document.ID}}},
		map[string]any{"range": map[string]any{expiryField: map[string]int64{"gte": from, "lt": to}}},
	}}}
	body := mustJSON(map[string]any{"size": 1, "version": true, "_source": false, "query": query})
	response, err := s.client.Send(ctx, Request{Method: http.MethodPost, Path: Path(s.index, "_search"), Body: body, Repeatable: true})
	if err != nil {
		return 0, 0, s.broken(err)
	}
	answer := gjson.ParseBytes(response.Body)
	return answer.Get("hits.total").Int(), answer.Get("hits.hits.0._version").Int(), nil
}

// firstOf takes a field's value out of the list in which some versions give it.
func firstOf(value gjson.Result) gjson.Result {
	if value.IsArray() {
		return value.Get("0")
	}
	return value
}
