package lab

// send.go answers: how do the generators speak to a node? With net/http and nothing of the product's, so that a
// mistake in the product's client can't hide in the data it is tested with.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

const (
	// bulkBytes is the size at which a body is sent; small enough for a 512 MB heap under several senders.
	bulkBytes = 4 << 20
	// answerLimit bounds what is read of one answer.
	answerLimit = 64 << 20
	contentJSON = "application/json"
	contentBulk = "application/x-ndjson"
)

// sender writes to one node.
type sender struct {
	url string
	dialect
	// lean indices map only what a case needs, so that a repository of them stays small.
	lean bool
}

// operation is one line pair of a bulk body.
type operation struct {
	// action is index, create or delete; empty means index.
	action, index, docType, id, routing, parent string
	// version is sent with versionType when that isn't empty.
	version     int64
	versionType string
	// timestamp and ttl exist up to 2.x.
	timestamp, ttl string
	source         []byte
}

// refusedError is an answer outside 2xx.
type refusedError struct {
	method, path string
	status       int
	answer       []byte
}

func (e *refusedError) Error() string {
	const shown = 500
	return fmt.Sprintf("%s %s answered %d: %.*s", e.method, e.path, e.status, shown, e.answer)
}

// refused says whether the server understood and said no.
func refused(err error) bool {
	answer := new(refusedError)
	return errors.As(err, &answer) && answer.status/100 == 4
}

// call sends one request and gives the answer's body; a status outside 2xx is a *refusedError.
func (s *sender) call(ctx context.Context, method, path, contentType string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if len(body) > 0 {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err != nil {
		return nil, fmt.Errorf("%s %s: read the answer: %w", method, path, err)
	}
	if response.StatusCode/100 != 2 {
		return nil, &refusedError{method: method, path: path, status: response.StatusCode, answer: answer}
	}
	return answer, nil
}

// send is call with a JSON value, for callers who only care that it worked.
func (s *sender) send(ctx context.Context, method, path string, value any) error {
	var body []byte
	if value != nil {
		var err error
		if body, err = json.Marshal(value); err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
	_, err := s.call(ctx, method, path, contentJSON, body)
	return err
}

// bulk sends operations in bodies of about bulkBytes and fails on the first item that is refused.
func (s *sender) bulk(ctx context.Context, operations []operation) error {
	var body bytes.Buffer
	for _, o := range operations {
		if err := s.appendOperation(&body, o); err != nil {
			return err
		}
		if body.Len() >= bulkBytes {
			if err := s.flush(ctx, &body); err != nil {
				return err
			}
		}
	}
	return s.flush(ctx, &body)
}

func (s *sender) appendOperation(body *bytes.Buffer, o operation) error {
	// A struct keeps the keys in one order, so that equal seeds give equal bytes. The names without an underscore are
	// the ones that every version takes.
	meta := struct {
		Index       string `json:"_index"`
		Type        string `json:"_type,omitempty"`
		ID          string `json:"_id,omitempty"`
		Routing     string `json:"routing,omitempty"`
		Parent      string `json:"parent,omitempty"`
		Version     int64  `json:"version,omitempty"`
		VersionType string `json:"version_type,omitempty"`
		Timestamp   string `json:"timestamp,omitempty"`
		TTL         string `json:"ttl,omitempty"`
	}{o.index, "", o.id, o.routing, o.parent, o.version, o.versionType, o.timestamp, o.ttl}
	if s.typed() {
		meta.Type = o.docType
	}
	action := o.action
	if action == "" {
		action = "index"
	}
	line, err := json.Marshal(meta)
	if err != nil {
		return fmt.Errorf("bulk line: %w", err)
	}
	body.WriteString(`{"` + action + `":`)
	body.Write(line)
	body.WriteString("}\n")
	if action != "delete" {
		body.Write(o.source)
		body.WriteByte('\n')
	}
	return nil
}

func (s *sender) flush(ctx context.Context, body *bytes.Buffer) error {
	if body.Len() == 0 {
		return nil
	}
	answer, err := s.call(ctx, http.MethodPost, "/_bulk", contentBulk, body.Bytes())
	body.Reset()
	if err != nil {
		return err
	}
	result, err := parseBulk(answer)
	if err != nil {
		return err
	}
	for _, item := range result {
		if item.status/100 != 2 {
			return fmt.Errorf("bulk item %s/%s answered %d: %s", item.index, item.id, item.status, item.reason)
		}
	}
	return nil
}

// bulkItem is the answer to one operation.
type bulkItem struct {
	index, id string
	status    int
	reason    string
}

// parseBulk reads the items of a bulk answer, one per operation, in order.
func parseBulk(answer []byte) ([]bulkItem, error) {
	var parsed struct {
		Items []map[string]struct {
			Index  string          `json:"_index"`
			ID     string          `json:"_id"`
			Status int             `json:"status"`
			Error  json.RawMessage `json:"error"`
		} `json:"items"`
	}
	if err := json.Unmarshal(answer, &parsed); err != nil {
		return nil, fmt.Errorf("read a bulk answer: %w", err)
	}
	items := make([]bulkItem, 0, len(parsed.Items))
	for _, entry := range parsed.Items {
		for _, item := range entry {
			items = append(items, bulkItem{item.Index, item.ID, item.Status, string(item.Error)})
		}
	}
	return items, nil
}

// createIndex makes an index of one mapping; docType names it where types exist.
func (s *sender) createIndex(ctx context.Context, index string, shards int, settings object, docType string, properties object) error {
	all := object{"index.number_of_shards": strconv.Itoa(shards), "index.number_of_replicas": "0"}
	for name, value := range settings {
		all[name] = value
	}
	body := object{"settings": all}
	if properties != nil {
		body["mappings"] = s.mapping(docType, properties)
	}
	return s.send(ctx, http.MethodPut, "/"+index, body)
}

func (s *sender) refresh(ctx context.Context, index string) error {
	return s.send(ctx, http.MethodPost, "/"+index+"/_refresh", nil)
}
