package cluster

// belongings.go answers: what does a cluster hold beside its indices, and how is each thing written and removed?
// Next: bulk.go.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// Belongings is what a cluster holds beside its indices, each by name. What the version does not have is empty.
type Belongings struct {
	Templates
	Pipelines map[string]json.RawMessage
	// Lifecycles are ILM policies ({"policy":{…}} and more), States ISM policies (the inner "policy").
	Lifecycles, States map[string]json.RawMessage
	// Scripts are stored scripts and search templates: {"lang":…,"source":…}.
	Scripts map[string]json.RawMessage
	// Settings are the persistent ones, by flat names.
	Settings map[string]json.RawMessage
	// DataStreams by name, as GET _data_stream gives them.
	DataStreams map[string]json.RawMessage
	// Plugins and Processors are what the nodes have for indices and pipelines; Told says that they answered at all.
	Plugins, Processors []string
	Told                bool
	// Hidden names what the server does not show to this user.
	Hidden []string
}

// Belongings reads them all. What this user may not see is named in Hidden, and is no error.
func (c *Client) Belongings(ctx context.Context) (Belongings, error) {
	dialect, err := c.Dialect(ctx)
	if err != nil {
		return Belongings{}, err
	}
	all := Belongings{}
	if all.Templates, err = c.Templates(ctx); err != nil {
		return all, err
	}
	if all.Pipelines, err = c.Pipelines(ctx); err != nil && !notOffered(err) {
		return all, err
	}
	for _, part := range []struct {
		what, path string
		query      url.Values
		read       func(answer gjson.Result)
	}{
		{"lifecycle policies", dialect.LifecyclePath, nil, func(answer gjson.Result) { all.Lifecycles = objectsIn(answer) }},
		{"state policies", dialect.StatePath, url.Values{"size": {"1000"}}, func(answer gjson.Result) {
			all.States = map[string]json.RawMessage{}
			answer.Get("policies").ForEach(func(_, policy gjson.Result) bool {
				all.States[policy.Get("_id").String()] = json.RawMessage(policy.Get("policy").Raw)
				return true
			})
		}},
		{"persistent settings", "/_cluster/settings", url.Values{"flat_settings": {"true"}}, func(answer gjson.Result) { all.Settings = objectsIn(answer.Get("persistent")) }},
		{"plugins", "/_nodes/plugins", nil, func(answer gjson.Result) { all.readNodes(answer) }},
		{"processors", dialect.ProcessorPath, nil, func(answer gjson.Result) { all.readNodes(answer) }},
	} {
		if part.path == "" {
			continue
		}
		response, err := c.Do(ctx, http.MethodGet, part.path, part.query, nil)
		switch {
		case err == nil && gjson.ValidBytes(response.Body):
			part.read(gjson.ParseBytes(response.Body))
		case err == nil || errors.Is(err, ErrForbidden):
			all.Hidden = append(all.Hidden, part.what)
		case !notOffered(err):
			return all, fmt.Errorf("read the %s: %w", part.what, err)
		}
	}
	if all.DataStreams, err = c.DataStreams(ctx); err != nil {
		return all, err
	}
	return all, c.readScripts(ctx, dialect, &all)
}

// DataStreams reads the data streams by name; versions and distributions without them have none.
func (c *Client) DataStreams(ctx context.Context) (map[string]json.RawMessage, error) {
	streams := map[string]json.RawMessage{}
	dialect, err := c.Dialect(ctx)
	if err != nil || dialect.DataStreamPath == "" {
		return streams, err
	}
	response, err := c.Do(ctx, http.MethodGet, dialect.DataStreamPath, nil, nil)
	if err != nil && notOffered(err) {
		return streams, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the data streams: %w", err)
	}
	gjson.GetBytes(response.Body, "data_streams").ForEach(func(_, stream gjson.Result) bool {
		streams[stream.Get("name").String()] = json.RawMessage(stream.Raw)
		return true
	})
	return streams, nil
}

func objectsIn(object gjson.Result) map[string]json.RawMessage {
	found := map[string]json.RawMessage{}
	object.ForEach(func(name, body gjson.Result) bool {
		found[name.String()] = json.RawMessage(body.Raw)
		return true
	})
	return found
}

// readNodes keeps what every node has: a thing that one lacks works only now and then.
func (b *Belongings) readNodes(answer gjson.Result) {
	var plugins, processors []string
	first := true
	keep := func(have []string, key, name string, node gjson.Result) []string {
		var here []string
		node.Get(key).ForEach(func(_, one gjson.Result) bool {
			here = append(here, one.Get(name).String())
			return true
		})
		if first {
			return here
		}
		return slices.DeleteFunc(have, func(one string) bool { return !slices.Contains(here, one) })
	}
	answer.Get("nodes").ForEach(func(_, node gjson.Result) bool {
		plugins = keep(plugins, "plugins", "name", node)
		processors = keep(processors, "ingest.processors", "type", node)
		first = false
		return true
	})
	if len(plugins) > 0 {
		b.Plugins = plugins
	}
	if len(processors) > 0 {
		b.Processors = processors
	}
	b.Told = b.Told || !first
}

// scriptsIndex is where versions before 5.0 keep stored scripts: the type is the language.
const scriptsIndex = ".scripts"

func (c *Client) readScripts(ctx context.Context, dialect Dialect, all *Belongings) error {
	all.Scripts = map[string]json.RawMessage{}
	if dialect.ScriptsIndex {
		exists, err := c.IndexExists(ctx, scriptsIndex)
		if err != nil || !exists {
			return err
		}
		_, err = c.Scan(ctx, scriptsIndex, ScanOptions{Shard: AllShards}, func(document es.Document) error {
			source := gjson.GetBytes(document.Source, "script")
			if !source.Exists() {
				source = gjson.GetBytes(document.Source, "template")
			}
			all.Scripts[document.ID] = mustJSON(map[string]any{"lang": document.Type, "source": json.RawMessage(mustJSON(source.Value()))})
			return nil
		})
		return err
	}
	response, err := c.Do(ctx, http.MethodGet, "/_cluster/state/metadata", url.Values{"filter_path": {"metadata.stored_scripts"}}, nil)
	if errors.Is(err, ErrForbidden) {
		all.Hidden = append(all.Hidden, "stored scripts")
		return nil
	}
	if err != nil {
		if notOffered(err) {
			return nil
		}
		return fmt.Errorf("read the stored scripts: %w", err)
	}
	gjson.GetBytes(response.Body, "metadata.stored_scripts").ForEach(func(id, script gjson.Result) bool {
		source := script.Get("source")
		if !source.Exists() {
			source = script.Get("code")
		}
		if source.Exists() {
			all.Scripts[id.String()] = mustJSON(map[string]any{"lang": script.Get("lang").String(), "source": source.String()})
		}
		return true
	})
	return nil
}

// PutScript writes a stored script or search template.
func (c *Client) PutScript(ctx context.Context, id string, script []byte) error {
	dialect, err := c.Dialect(ctx)
	if err != nil {
		return err
	}
	body := map[string]json.RawMessage{"lang": json.RawMessage(gjson.GetBytes(script, "lang").Raw), dialect.ScriptText: json.RawMessage(gjson.GetBytes(script, "source").Raw)}
	_, err = c.change(ctx, http.MethodPut, Path("_scripts", id), nil, mustJSON(map[string]any{"script": body}))
	return err
}

// DeleteScript removes a stored script; one that isn't there is no error.
func (c *Client) DeleteScript(ctx context.Context, id string) error {
	return c.remove(ctx, Path("_scripts", id), id)
}

// PutLifecycle writes an ILM policy, PutState one of ISM; each under the address that the version has for it.
func (c *Client) PutLifecycle(ctx context.Context, name string, body []byte) error {
	return c.below(ctx, http.MethodPut, func(d Dialect) string { return d.LifecyclePath }, name, body)
}

// DeleteLifecycle removes an ILM policy.
func (c *Client) DeleteLifecycle(ctx context.Context, name string) error {
	return c.below(ctx, http.MethodDelete, func(d Dialect) string { return d.LifecyclePath }, name, nil)
}

// PutState writes an ISM policy.
func (c *Client) PutState(ctx context.Context, name string, body []byte) error {
	return c.below(ctx, http.MethodPut, func(d Dialect) string { return d.StatePath }, name, body)
}

// DeleteState removes an ISM policy.
func (c *Client) DeleteState(ctx context.Context, name string) error {
	return c.below(ctx, http.MethodDelete, func(d Dialect) string { return d.StatePath }, name, nil)
}

// below changes one thing below an address of the dialect's; deleting what is not there is no error.
func (c *Client) below(ctx context.Context, method string, path func(Dialect) string, name string, body []byte) error {
	dialect, err := c.Dialect(ctx)
	if err != nil {
		return err
	}
	if err := single(name); err != nil {
		return err
	}
	_, err = c.change(ctx, method, path(dialect)+Path(name), nil, body)
	if method == http.MethodDelete && errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
