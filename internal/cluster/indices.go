package cluster

// indices.go answers: how are indices, mappings, settings, aliases, templates and pipelines made and changed?
// Nothing here takes a wildcard where that could destroy something. Next: bulk.go.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// slowChange is how long the server may work in silence on a change of the cluster state: forty shards on a
// busy domain take minutes.
const slowChange = 5 * time.Minute

// ErrWildcard: the name stands for many indices, which this call refuses.
var ErrWildcard = errors.New("one index by its full name is wanted")

// single refuses names that a server would take for many.
func single(index string) error {
	if index == "" || index == "_all" || strings.ContainsAny(index, "*,<?") {
		return fmt.Errorf("%q: %w", index, ErrWildcard)
	}
	return nil
}

// change sends a PUT, POST or DELETE that may be repeated without harm.
func (c *Client) change(ctx context.Context, method, path string, query url.Values, body []byte) (*Response, error) {
	return c.Send(ctx, Request{Method: method, Path: path, Query: query, Body: body, Repeatable: true, Timeout: max(slowChange, c.timeout)})
}

// IndexExists says whether an index, or an alias, of that name is there.
func (c *Client) IndexExists(ctx context.Context, index string) (bool, error) {
	_, err := c.Do(ctx, http.MethodHead, Path(index), nil, nil)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// CreateIndex makes an index out of {"settings":…,"mappings":…,"aliases":…}. It is not repeated by itself, since the
// second answer would be ErrIndexExists.
func (c *Client) CreateIndex(ctx context.Context, index string, body []byte) error {
	if err := single(index); err != nil {
		return err
	}
	_, err := c.Send(ctx, Request{Method: http.MethodPut, Path: Path(index), Body: body, Timeout: max(slowChange, c.timeout)})
	return err
}

// DeleteIndex deletes one index. One that isn't there is no error: then the work is done.
func (c *Client) DeleteIndex(ctx context.Context, index string) error {
	if err := single(index); err != nil {
		return err
	}
	_, err := c.change(ctx, http.MethodDelete, Path(index), nil, nil)
	if errors.Is(err, ErrIndexMissing) {
		return nil
	}
	return err
}

// OpenIndex opens a closed index.
func (c *Client) OpenIndex(ctx context.Context, index string) error {
	_, err := c.change(ctx, http.MethodPost, Path(index, "_open"), nil, nil)
	return err
}

// CloseIndex closes an index.
func (c *Client) CloseIndex(ctx context.Context, index string) error {
	if err := single(index); err != nil {
		return err
	}
	_, err := c.change(ctx, http.MethodPost, Path(index, "_close"), nil, nil)
	return err
}

// PutMapping adds to an index's mapping. docType is left out of the call where the version has none.
func (c *Client) PutMapping(ctx context.Context, index, docType string, body []byte) error {
	dialect, err := c.Dialect(ctx)
	if err != nil {
		return err
	}
	path := Path(index, "_mapping")
	if dialect.TypesInURL {
		path = Path(index, "_mapping", docType)
	}
	_, err = c.change(ctx, http.MethodPut, path, nil, body)
	return err
}

// PutSettings changes settings of one index; nil as a value resets one.
func (c *Client) PutSettings(ctx context.Context, index string, settings map[string]any) error {
	dialect, err := c.Dialect(ctx)
	if err != nil {
		return err
	}
	if !dialect.ResetByNull {
		settings = maps.Clone(settings)
		for name, value := range defaultSettings {
			if now, asked := settings[name]; asked && now == nil {
				settings[name] = value
			}
		}
	}
	_, err = c.change(ctx, http.MethodPut, Path(index, "_settings"), nil, mustJSON(settings))
	return err
}

// defaultSettings are what servers before 5.0 are told where others are told null.
var defaultSettings = map[string]any{"index.refresh_interval": "1s", "index.number_of_replicas": 1}

// BlockWrites sets or lifts index.blocks.write. Dot indices are refused: AWS does not let such a block be lifted.
func (c *Client) BlockWrites(ctx context.Context, index string, blocked bool) error {
	if err := single(index); err != nil {
		return err
	}
	if strings.HasPrefix(index, ".") {
		return fmt.Errorf("block writes on %s: system indices are never blocked, since some can't be unblocked", index)
	}
	return c.PutSettings(ctx, index, map[string]any{"index.blocks.write": blocked})
}

// PutClusterSettings changes persistent settings, by flat names, which is the only form AWS takes.
func (c *Client) PutClusterSettings(ctx context.Context, persistent map[string]any) error {
	_, err := c.change(ctx, http.MethodPut, "/_cluster/settings", nil, mustJSON(map[string]any{"persistent": persistent}))
	return err
}

// AliasAction is one change of aliases; exactly one of Add and Remove is set.
type AliasAction struct {
	Add    *Alias `json:"add,omitempty"`
	Remove *Alias `json:"remove,omitempty"`
}

// Alias is one alias on one index.
type Alias struct {
	Index         string          `json:"index"`
	Alias         string          `json:"alias"`
	Filter        json.RawMessage `json:"filter,omitempty"`
	IndexRouting  string          `json:"index_routing,omitempty"`
	SearchRouting string          `json:"search_routing,omitempty"`
	IsWriteIndex  *bool           `json:"is_write_index,omitempty"`
	IsHidden      *bool           `json:"is_hidden,omitempty"`
}

// UpdateAliases does all actions in one atomic step.
func (c *Client) UpdateAliases(ctx context.Context, actions ...AliasAction) error {
	if len(actions) == 0 {
		return nil
	}
	// Not repeated: a removal that was done already answers 404.
	_, err := c.Send(ctx, Request{Method: http.MethodPost, Path: "/_aliases", Body: mustJSON(map[string]any{"actions": actions}),
		Timeout: max(slowChange, c.timeout)})
	return err
}

// TemplateKind is one of the three kinds of templates.
type TemplateKind string

// The kinds of templates; the latter two since 7.8.
const (
	LegacyTemplate    TemplateKind = "_template"
	IndexTemplate     TemplateKind = "_index_template"
	ComponentTemplate TemplateKind = "_component_template"
)

// PutTemplate writes a template of one kind.
func (c *Client) PutTemplate(ctx context.Context, kind TemplateKind, name string, body []byte) error {
	_, err := c.change(ctx, http.MethodPut, Path(string(kind), name), nil, body)
	return err
}

// DeleteTemplate removes a template; one that isn't there is no error.
func (c *Client) DeleteTemplate(ctx context.Context, kind TemplateKind, name string) error {
	return c.remove(ctx, Path(string(kind), name), name)
}

// PutPipeline writes an ingest pipeline.
func (c *Client) PutPipeline(ctx context.Context, name string, body []byte) error {
	_, err := c.change(ctx, http.MethodPut, Path("_ingest", "pipeline", name), nil, body)
	return err
}

// DeletePipeline removes an ingest pipeline; one that isn't there is no error.
func (c *Client) DeletePipeline(ctx context.Context, name string) error {
	return c.remove(ctx, Path("_ingest", "pipeline", name), name)
}

func (c *Client) remove(ctx context.Context, path, name string) error {
	if err := single(name); err != nil {
		return err
	}
	_, err := c.change(ctx, http.MethodDelete, path, nil, nil)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// Refresh makes everything written so far visible to searches. Idle indices of 7.x and later are otherwise not.
func (c *Client) Refresh(ctx context.Context, indices ...string) error {
	return c.allShards(ctx, indices, "_refresh")
}

// Flush writes everything down to Lucene's files.
func (c *Client) Flush(ctx context.Context, indices ...string) error {
	return c.allShards(ctx, indices, "_flush")
}

// Merge makes one segment of each shard, and waits until what that takes off the disk is gone from it.
func (c *Client) Merge(ctx context.Context, index string) error {
	dialect, err := c.Dialect(ctx)
	if err != nil {
		return err
	}
	path := Path(index, dialect.MergeCall)
	response, err := c.change(ctx, http.MethodPost, path, url.Values{"max_num_segments": {"1"}}, nil)
	if err != nil {
		return err
	}
	if err := shardFailure(http.MethodPost, path, gjson.ParseBytes(response.Body)); err != nil {
		return err
	}
	// Files of the segments before are deleted once nobody searches them.
	return errors.Join(c.Flush(ctx, index), c.Refresh(ctx, index))
}

// allShards does something on every shard and takes a failed shard for a failure, which the status alone hides.
func (c *Client) allShards(ctx context.Context, indices []string, what string) error {
	if len(indices) == 0 {
		return fmt.Errorf("%s: name the indices", what)
	}
	for _, list := range nameLists(indices) {
		path := "/" + list + "/" + what
		response, err := c.change(ctx, http.MethodPost, path, nil, nil)
		if err != nil {
			return err
		}
		if err := shardFailure(http.MethodPost, path, gjson.ParseBytes(response.Body)); err != nil {
			return err
		}
	}
	return nil
}

// shardFailure makes an error of "_shards":{"failed":n}.
func shardFailure(method, path string, body gjson.Result) error {
	if failed := body.Get("_shards.failed").Int(); failed > 0 {
		first := body.Get("_shards.failures.0")
		reason := first.Get("reason.reason").String()
		if reason == "" {
			reason = first.Get("reason").String()
		}
		failure := &Error{Method: method, Path: path, Status: http.StatusOK, Kind: ErrUnavailable,
			Reason: fmt.Sprintf("%d of %d shards failed: %s", failed, body.Get("_shards.total").Int(), shorten(reason, maxReason)),
			Hint:   "look at _cat/shards; every primary must be started"}
		if strings.HasPrefix(reason, "blocked by: ") { // 2.x refuses a refresh of a read-only index so, shard by shard
			failure.Kind, failure.Hint = ErrBlocked, "a block on the index is in force"
		}
		return failure
	}
	return nil
}

// Count counts the documents of an index (nested ones don't count), all shards answering.
func (c *Client) Count(ctx context.Context, index string, query []byte) (int64, error) {
	request := Request{Method: http.MethodPost, Path: Path(index, "_count"), Repeatable: true}
	if len(query) > 0 {
		request.Body = []byte(`{"query":` + string(query) + `}`)
	}
	response, err := c.Send(ctx, request)
	if err != nil {
		return 0, err
	}
	body := gjson.ParseBytes(response.Body)
	if err := shardFailure(request.Method, request.Path, body); err != nil {
		return 0, err
	}
	if total, successful := body.Get("_shards.total").Int(), body.Get("_shards.successful").Int(); successful < total || !body.Get("count").Exists() {
		return 0, &Error{Method: request.Method, Path: request.Path, Status: response.Status, Kind: ErrUnavailable,
			Reason: fmt.Sprintf("only %d of %d shards counted", successful, total), Hint: "look at _cat/shards; every primary must be started"}
	}
	return body.Get("count").Int(), nil
}
