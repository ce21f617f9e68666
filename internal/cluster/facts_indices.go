package cluster

// facts_indices.go answers: which indices are there, and what settings, mappings, aliases, templates and pipelines
// belong to them? Next: indices.go.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/tidwall/gjson"
)

// IndexRow is one line of _cat/indices.
type IndexRow struct {
	Name   string `json:"name"`
	Health string `json:"health,omitempty"`
	// Open is false for closed indices, whose counts and sizes are 0.
	Open      bool `json:"open"`
	Primaries int  `json:"primaries"`
	Replicas  int  `json:"replicas"`
	// Docs and Deleted are Lucene documents: nested ones count too. See Count.
	Docs         int64 `json:"docs"`
	Deleted      int64 `json:"deleted"`
	Bytes        int64 `json:"bytes"`
	PrimaryBytes int64 `json:"primary_bytes"`
}

// Indices lists all indices, hidden and closed ones too.
func (c *Client) Indices(ctx context.Context) ([]IndexRow, error) {
	dialect, err := c.Dialect(ctx)
	if err != nil {
		return nil, err
	}
	var more []string
	if dialect.HiddenIndices {
		more = []string{"expand_wildcards", "all"}
	}
	rows, err := c.cat(ctx, "/_cat/indices", "health,status,index,pri,rep,docs.count,docs.deleted,store.size,pri.store.size", more...)
	if err != nil {
		return nil, err
	}
	indices := make([]IndexRow, 0, len(rows))
	for _, row := range rows {
		indices = append(indices, IndexRow{
			Name: row.Get("index").String(), Health: row.Get("health").String(), Open: row.Get("status").String() != "close",
			Primaries: int(catNumber(row, "pri")), Replicas: int(catNumber(row, "rep")),
			Docs: catNumber(row, `docs\.count`), Deleted: catNumber(row, `docs\.deleted`),
			Bytes: catNumber(row, `store\.size`), PrimaryBytes: catNumber(row, `pri\.store\.size`),
		})
	}
	return indices, nil
}

// IndexSettings are the settings of one index.
type IndexSettings struct {
	// Created is the version that created the index; it decides what can be restored where.
	Created  es.Version
	UUID     string
	Shards   int
	Replicas int
	// Flat holds every setting as the server gave it, by dotted name with the "index." in front.
	Flat map[string]json.RawMessage
}

// Settings reads the settings of the indices named, or of all, by index name. It never asks for plain /_settings, which
// AWS does not allow.
func (c *Client) Settings(ctx context.Context, indices ...string) (map[string]IndexSettings, error) {
	settings := map[string]IndexSettings{}
	err := c.perIndex(ctx, "_settings", indices, url.Values{"flat_settings": {"true"}}, func(name string, index gjson.Result) error {
		one := IndexSettings{Flat: map[string]json.RawMessage{}}
		index.Get("settings").ForEach(func(key, value gjson.Result) bool {
			one.Flat[key.String()] = json.RawMessage(value.Raw)
			return true
		})
		one.UUID, one.Shards, one.Replicas = one.Text("index.uuid"), one.number("index.number_of_shards"), one.number("index.number_of_replicas")
		if id := one.number("index.version.created"); id != 0 {
			var err error
			if one.Created, err = es.VersionFromID(id); err != nil {
				return fmt.Errorf("read the creating version of index %s: %w", name, err)
			}
		}
		settings[name] = one
		return nil
	})
	return settings, err
}

// Text gives one setting as text, "" when it isn't set.
func (s IndexSettings) Text(name string) string { return gjson.ParseBytes(s.Flat[name]).String() }

func (s IndexSettings) number(name string) int {
	number, err := strconv.Atoi(s.Text(name))
	if err != nil {
		return 0
	}
	return number
}

// Mappings reads the mappings of the indices named, or of all, by index name: {"type":{"properties":…}} up to 6.x,
// {"properties":…} from 7.0 on.
func (c *Client) Mappings(ctx context.Context, indices ...string) (map[string]json.RawMessage, error) {
	mappings := map[string]json.RawMessage{}
	err := c.perIndex(ctx, "_mapping", indices, url.Values{}, func(name string, index gjson.Result) error {
		mappings[name] = json.RawMessage("{}")
		if raw := index.Get("mappings").Raw; raw != "" {
			mappings[name] = json.RawMessage(raw)
		}
		return nil
	})
	return mappings, err
}

// Aliases reads the aliases of the indices named, or of all: index name to alias name to its definition
// ({"filter":…,"index_routing":…,"search_routing":…,"is_write_index":…}).
func (c *Client) Aliases(ctx context.Context, indices ...string) (map[string]map[string]json.RawMessage, error) {
	aliases := map[string]map[string]json.RawMessage{}
	err := c.perIndex(ctx, "_alias", indices, url.Values{}, func(name string, index gjson.Result) error {
		of := map[string]json.RawMessage{}
		index.Get("aliases").ForEach(func(alias, definition gjson.Result) bool {
			of[alias.String()] = json.RawMessage(definition.Raw)
			return true
		})
		aliases[name] = of
		return nil
	})
	return aliases, err
}

// perIndex asks /{indices}/{what}, closed and hidden indices included, and calls each for every index of the answer.
// No index at all is an empty answer.
func (c *Client) perIndex(ctx context.Context, what string, indices []string, query url.Values, each func(name string, index gjson.Result) error) error {
	dialect, err := c.Dialect(ctx)
	if err != nil {
		return err
	}
	lists := nameLists(indices)
	switch {
	case len(indices) > 0:
	case dialect.HiddenIndices:
		lists = []string{"*"}
		query.Set("expand_wildcards", "all")
	default:
		lists = []string{"*"}
		query.Set("expand_wildcards", "open,closed")
	}
	for _, list := range lists {
		response, err := c.Do(ctx, http.MethodGet, "/"+list+"/"+what, query, nil)
		if len(indices) == 0 && errors.Is(err, ErrIndexMissing) {
			return nil
		}
		if err != nil {
			return err
		}
		if !gjson.ValidBytes(response.Body) {
			return fmt.Errorf("read %s of %s: the answer is no JSON", what, shorten(list, 80))
		}
		var failure error
		gjson.ParseBytes(response.Body).ForEach(func(name, index gjson.Result) bool {
			failure = each(name.String(), index)
			return failure == nil
		})
		if failure != nil {
			return failure
		}
	}
	return nil
}

// escapeNames keeps "*" and ",", which servers of 1.x match before they unescape.
func escapeNames(names string) string {
	return strings.NewReplacer("%2A", "*", "%2C", ",").Replace(url.PathEscape(names))
}

// Templates are all index templates.
type Templates struct {
	// Legacy by name, as GET _template gives them.
	Legacy map[string]json.RawMessage
	// Composable and Components by name, since 7.8; the inner "index_template" and "component_template" objects.
	Composable, Components map[string]json.RawMessage
}

// Templates reads all index templates of every kind the version has.
func (c *Client) Templates(ctx context.Context) (Templates, error) {
	dialect, err := c.Dialect(ctx)
	if err != nil {
		return Templates{}, err
	}
	templates := Templates{}
	if templates.Legacy, err = c.named(ctx, "/_template"); err != nil {
		return Templates{}, err
	}
	if !dialect.ComposableTemplates {
		return templates, nil
	}
	for _, kind := range []struct {
		path, list, object string
		into               *map[string]json.RawMessage
	}{
		{"/_index_template", "index_templates", "index_template", &templates.Composable},
		{"/_component_template", "component_templates", "component_template", &templates.Components},
	} {
		response, err := c.Do(ctx, http.MethodGet, kind.path, nil, nil)
		if err != nil && !notOffered(err) {
			return Templates{}, err
		}
		*kind.into = map[string]json.RawMessage{}
		if err != nil {
			continue // OpenSearch on AWS hides them from some users
		}
		gjson.GetBytes(response.Body, kind.list).ForEach(func(_, entry gjson.Result) bool {
			(*kind.into)[entry.Get("name").String()] = json.RawMessage(entry.Get(kind.object).Raw)
			return true
		})
	}
	return templates, nil
}

// Pipelines reads all ingest pipelines by name; versions before 5.0 have none.
func (c *Client) Pipelines(ctx context.Context) (map[string]json.RawMessage, error) {
	dialect, err := c.Dialect(ctx)
	if err != nil || !dialect.Pipelines {
		return map[string]json.RawMessage{}, err
	}
	return c.named(ctx, "/_ingest/pipeline")
}

// named reads an object of objects. 404 means that there are none (5.x answers so).
func (c *Client) named(ctx context.Context, path string) (map[string]json.RawMessage, error) {
	objects := map[string]json.RawMessage{}
	response, err := c.Do(ctx, http.MethodGet, path, nil, nil)
	if errors.Is(err, ErrNotFound) {
		return objects, nil
	}
	if err != nil {
		return nil, err
	}
	if !gjson.ValidBytes(response.Body) {
		return nil, fmt.Errorf("read %s: the answer is no JSON", path)
	}
	gjson.ParseBytes(response.Body).ForEach(func(name, object gjson.Result) bool {
		objects[name.String()] = json.RawMessage(object.Raw)
		return true
	})
	return objects, nil
}
