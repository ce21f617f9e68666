package cluster

// bulk.go answers: what became of each action of one _bulk request? It knows nothing of packing, repeating or speed:
// that is the load engine's. Next: scan.go.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/tidwall/gjson"
)

// BulkOptions are the choices for one request.
type BulkOptions struct {
	// Gzip compresses the body, where the version understands it (Dialect.GzipRequests; the caller knows).
	Gzip bool
	// Repeatable says that every action carries an id and sending it twice is harmless, so the client may repeat the
	// request when the connection breaks.
	Repeatable bool
	// Once leaves every repeating to the caller.
	Once bool
	// Brief lists only items that are no success; Filter also asks the server for no more, where the version can leave
	// out the rest (Dialect.FilterBulk; the caller knows).
	Brief, Filter bool
	// Query holds further parameters: refresh, pipeline, timeout, wait_for_active_shards.
	Query url.Values
	// Timeout replaces the client's.
	Timeout time.Duration
}

// BulkItem is the server's answer to one action, in the order of the request.
type BulkItem struct {
	// Position is its place in the request.
	Position int
	Action   string // index, create, update, delete
	Index    string
	Type     string
	ID       string
	Status   int
	// Version, SeqNo (-1 where the server has none) and Result ("created", "updated", "deleted", "noop", "not_found";
	// empty before 5.0) describe a success.
	Version, SeqNo int64
	Result         string
	// ErrorType and Reason describe a failure, in the spelling of 2.x and later.
	ErrorType, Reason string
}

// Failed says whether the action was refused. A delete of what isn't there (404) is none.
func (i BulkItem) Failed() bool {
	return i.ErrorType != "" || i.Reason != "" || i.Status >= 300 && i.Result != "not_found" && !(i.Action == "delete" && i.Status == http.StatusNotFound)
}

// Conflict says that the target holds the same or a newer version of the document.
func (i BulkItem) Conflict() bool { return i.Status == http.StatusConflict }

// Busy says that the item was turned away for now and may be sent again as it is.
func (i BulkItem) Busy() bool {
	return i.Status == http.StatusTooManyRequests || i.Status == http.StatusServiceUnavailable ||
		i.ErrorType == "es_rejected_execution_exception" || i.ErrorType == "circuit_breaking_exception"
}

// BulkResult is the answer to one request.
type BulkResult struct {
	// Items are the answers; with Brief only those that failed or conflict, and with Filter without names.
	Items []BulkItem
	// Count is how many actions were answered.
	Count int
	// Failed is how many items are failures.
	Failed int
	// Took is the server's own time, Elapsed ours with the network.
	Took, Elapsed time.Duration
	// Sent is the size of the body before compression.
	Sent int
}

// ErrBulkAnswer says that the answer can't be matched with what was asked, so nothing may be taken for written.
var ErrBulkAnswer = errors.New("the answer to _bulk is not complete")

// Bulk sends one body of newline-delimited JSON as it is. An error says that the request failed as a whole; refused
// items are in the result, and it is the caller's to look at each.
func (c *Client) Bulk(ctx context.Context, body []byte, options BulkOptions) (BulkResult, error) {
	request := Request{
		Method: http.MethodPost, Path: "/_bulk", Query: options.Query, Body: body, ContentType: "application/x-ndjson",
		Repeatable: options.Repeatable, Once: options.Once, Gzip: options.Gzip, Timeout: options.Timeout,
	}
	if options.Filter {
		request.Query = briefQuery(options.Query)
	}
	began := time.Now()
	response, err := c.Send(ctx, request)
	if err != nil {
		return BulkResult{}, err
	}
	result := BulkResult{Elapsed: time.Since(began), Sent: len(body)}
	read := result.read
	if options.Brief {
		read = result.readBrief
	}
	if err := read(response.Body); err != nil {
		return BulkResult{}, err
	}
	return result, nil
}

func (r *BulkResult) read(body []byte) error {
	if !gjson.ValidBytes(body) {
		return fmt.Errorf("%w: no JSON: %s", ErrBulkAnswer, shorten(string(body), 200))
	}
	answer := gjson.ParseBytes(body)
	items := answer.Get("items")
	if !items.IsArray() {
		return fmt.Errorf("%w: no items: %s", ErrBulkAnswer, shorten(string(body), 200))
	}
	r.Took = time.Duration(answer.Get("took").Int()) * time.Millisecond
	items.ForEach(func(_, entry gjson.Result) bool {
		entry.ForEach(func(action, fields gjson.Result) bool {
			item := readItem(action.String(), fields)
			item.Position = r.Count
			r.Count++
			if item.Failed() {
				r.Failed++
			}
			r.Items = append(r.Items, item)
			return false // one action per entry
		})
		return true
	})
	return nil
}

func readItem(action string, fields gjson.Result) BulkItem {
	item := BulkItem{Action: action, SeqNo: -1}
	fields.ForEach(func(key, value gjson.Result) bool {
		switch key.String() {
		case "_index":
			item.Index = value.String()
		case "_type":
			item.Type = value.String()
		case "_id":
			item.ID = value.String()
		case "_version":
			item.Version = value.Int()
		case "_seq_no":
			item.SeqNo = value.Int()
		case "result":
			item.Result = value.String()
		case "status":
			item.Status = int(value.Int())
		case "error":
			if value.IsObject() {
				item.ErrorType, item.Reason = value.Get("type").String(), value.Get("reason").String()
				cause := value.Get("caused_by")
				if cause.IsObject() {
					item.Reason = shorten(item.Reason, maxOne)
				}
				for depth := 0; cause.IsObject() && depth < maxCauses; depth++ {
					item.Reason += "; " + cause.Get("type").String() + ": " + shorten(cause.Get("reason").String(), maxOne)
					cause = cause.Get("caused_by")
				}
			} else {
				item.ErrorType, item.Reason = oldType(value.String()), value.String()
			}
			item.Reason = shorten(item.Reason, maxReason)
		}
		return true
	})
	return item
}
