package transform

// pipeline.go answers: what must an ingest pipeline say so that the target takes it? Next: kibana.go.

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// PipelinePlan is what becomes of one ingest pipeline.
type PipelinePlan struct {
	Body     []byte
	Changes  []Change
	Findings []Finding
}

// elasticOnly are processors that OpenSearch does not have.
var elasticOnly = []string{"enrich", "inference", "set_security_user", "circle", "fingerprint", "uri_parts", "network_direction", "registered_domain", "redact", "reroute", "geo_grid", "terminate", "attachment_v2", "ip_location"}

// Pipeline rewrites the body of GET _ingest/pipeline/NAME for the target.
func Pipeline(name string, body []byte, source, target es.Version) (PipelinePlan, error) {
	root, err := parseObject(body)
	if err != nil {
		return PipelinePlan{}, fmt.Errorf("pipeline %s: %w", name, err)
	}
	d := &draft{source: source, created: source, target: target, settings: &object{}, rule: &Rule{Name: "pipeline", Rows: []string{"3-31", "4-04", "5-23"}}}
	d.processors("pipeline "+name, root)
	if target.Product == es.OpenSearch {
		d.drop("pipeline "+name, root, "_meta", "unknown to the target")
		d.drop("pipeline "+name, root, "deprecated", "unknown to the target")
	}
	return PipelinePlan{Body: appendValue(nil, root), Changes: d.changes, Findings: d.findings}, nil
}

func (d *draft) processors(where string, holder *object) {
	for _, key := range []string{"processors", "on_failure"} {
		items, _ := holder.get(key).(list)
		for i, item := range items {
			entry, ok := item.(*object)
			if !ok {
				continue
			}
			entry.each(func(kind string, v value) {
				if options, ok := v.(*object); ok {
					d.processor(fmt.Sprintf("%s %s %d %s", where, key, i+1, kind), kind, options)
				}
			})
		}
	}
}

func (d *draft) processor(where, kind string, options *object) {
	d.processors(where, options)
	switch kind {
	case "date", "date_index_name":
		formats, isList := options.get(map[string]string{"date": "formats", "date_index_name": "date_formats"}[kind]).(list)
		if isList && d.target.AtLeast(7, 0) && !d.source.AtLeast(7, 0) {
			d.processorFormats(where, options, map[string]string{"date": "formats", "date_index_name": "date_formats"}[kind], formats)
		}
	case "foreach":
		if inner := options.object("processor"); inner != nil {
			inner.each(func(kind string, v value) {
				if options, ok := v.(*object); ok {
					d.processor(where+" "+kind, kind, options)
				}
			})
		}
	case "user_agent":
		if d.target.AtLeast(8, 0) {
			d.drop(where, options, "ecs", "the answer is always in ECS since 8.0")
		}
	case "script":
		if lang := options.text("lang"); lang == "groovy" || lang == "javascript" || lang == "js" || lang == "python" {
			d.found(Blocker, where, "scripts in "+lang+" are gone since 6.0", "write it in painless")
		}
		if options.has("inline") && d.target.AtLeast(6, 0) {
			d.replace(where, options, "inline", "source", options.get("inline"), "renamed in 6.0")
		}
	case "remove":
		if d.target.Product == es.OpenSearch {
			d.drop(where, options, "keep_if", "unknown to the target")
		}
	}
	if d.target.Product == es.OpenSearch && slices.Contains(elasticOnly, kind) {
		d.found(Blocker, where, "OpenSearch has no processor "+kind, "leave it out, or do its work in the writers")
	}
}

func (d *draft) processorFormats(where string, options *object, key string, formats list) {
	now := list{}
	for _, format := range formats {
		written := textOf(format)
		if slices.Contains([]string{"ISO8601", "UNIX", "UNIX_MS", "TAI64N"}, written) {
			now = append(now, format)
			continue
		}
		for _, alternative := range strings.Split(d.dateFormat(where, written), "||") {
			now = append(now, text(alternative))
		}
	}
	if write(now) != write(formats) {
		d.replace(where, options, key, key, now, "java.time writes formats in another way")
	}
}

// Processors names every processor of a pipeline, those inside of others too, each once.
func Processors(pipeline []byte) []string {
	root, err := parseObject(pipeline)
	if err != nil {
		return nil
	}
	var names []string
	var walk func(holder *object)
	entry := func(kind string, v value) {
		options, ok := v.(*object)
		if !ok {
			return
		}
		if !slices.Contains(names, kind) {
			names = append(names, kind)
		}
		walk(options)
	}
	walk = func(holder *object) {
		for _, key := range []string{"processors", "on_failure"} {
			items, _ := holder.get(key).(list)
			for _, item := range items {
				if one, ok := item.(*object); ok {
					one.each(entry)
				}
			}
		}
		if inner := holder.object("processor"); inner != nil {
			inner.each(entry)
		}
	}
	walk(root)
	return names
}
