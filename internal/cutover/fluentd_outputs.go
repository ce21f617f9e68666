package cutover

// fluentd_outputs.go answers: which outputs of a fluentd configuration send to which cluster? Any section with the type of
// one of the plugins counts, wherever it stands: match, store (copy, roundrobin), secondary, label, and the template and
// case sections of forest. Next: fluentd_edit.go.

import (
	"strconv"
	"strings"
)

// The plugins that send to a cluster, and whether they always take the address from <endpoint> sections.
var fluentdPlugins = map[string]bool{
	"elasticsearch":             false,
	"elasticsearch_dynamic":     false,
	"elasticsearch_data_stream": false,
	"opensearch":                false,
	"opensearch_data_stream":    false,
	"aws-elasticsearch-service": true,
}

// fluentdOutput is one output.
type fluentdOutput struct {
	plugin string
	// layers are the sections its parameters come from, the one that counts most first: forest's case over its template.
	layers []*section
	kind   parameter // its type
	// inLabel is the label it stands in, empty for none.
	inLabel string
	// pattern is the argument of the nearest match: "es.**".
	pattern string
}

// outputs finds all outputs, in the order in which fluentd reads them.
func (t *fluentdTree) outputs() []*fluentdOutput {
	var found []*fluentdOutput
	seen := map[*section]bool{}
	var walk func(s *section, label, pattern string)
	walk = func(s *section, label, pattern string) {
		s.sections(func(c *section) {
			label, pattern := label, pattern
			switch c.name {
			case "source", "filter", "system":
				return // inputs and filters of these names send nothing there
			case "label":
				label = c.arg
			case "match":
				pattern = c.arg
			}
			if kind, ok := c.plugin(); ok && !seen[c] {
				if _, ours := fluentdPlugins[kind.value.text]; ours {
					seen[c] = true
					found = append(found, &fluentdOutput{plugin: kind.value.text, layers: []*section{c}, kind: kind, inLabel: label, pattern: pattern})
				}
				if kind.value.text == "forest" {
					found = append(found, forestOutputs(c, label, pattern)...)
				}
			}
			walk(c, label, pattern)
		})
	}
	walk(t.root, "", "")
	return found
}

// includedDrafts gives the files included within an output, which other outputs may include too.
func (o *fluentdOutput) includedDrafts() map[*draft]bool {
	drafts := map[*draft]bool{}
	var walk func(s *section)
	walk = func(s *section) {
		for _, i := range s.items {
			if i.section != nil {
				walk(i.section)
			}
			if i.include != nil {
				for _, file := range i.include.files {
					drafts[file.draft] = true
					walk(file)
				}
			}
		}
	}
	for _, layer := range o.layers {
		walk(layer)
	}
	return drafts
}

// forestOutputs: `type forest`, `subtype elasticsearch`, a <template> and any number of <case pattern> that override it.
func forestOutputs(forest *section, label, pattern string) []*fluentdOutput {
	kind, ok := forest.get("subtype")
	if _, ours := fluentdPlugins[kind.value.text]; !ok || !ours {
		return nil
	}
	template := forest.child("template")
	var found []*fluentdOutput
	add := func(layers ...*section) {
		found = append(found, &fluentdOutput{plugin: kind.value.text, layers: layers, kind: kind, inLabel: label, pattern: pattern})
	}
	if template != nil {
		add(template)
	}
	forest.sections(func(c *section) {
		if c.name == "case" && template != nil {
			add(c, template)
		} else if c.name == "case" {
			add(c)
		}
	})
	return found
}

// get gives the parameter that counts.
func (o *fluentdOutput) get(key string) (parameter, bool) {
	for _, layer := range o.layers {
		if p, ok := layer.get(key); ok {
			return p, true
		}
	}
	return parameter{}, false
}

// text gives a parameter's value, or the plugin's default.
func (o *fluentdOutput) text(key, otherwise string) string {
	if p, ok := o.get(key); ok {
		return p.value.text
	}
	return otherwise
}

// is says whether a parameter is set to a true value as fluentd reads booleans.
func (o *fluentdOutput) is(key string, otherwise bool) bool {
	p, ok := o.get(key)
	if !ok {
		return otherwise
	}
	switch p.value.text {
	case "true", "yes", "":
		return true
	}
	return false
}

// child gives a section within the output.
func (o *fluentdOutput) child(name string) *section {
	for _, layer := range o.layers {
		if c := layer.child(name); c != nil {
			return c
		}
	}
	return nil
}

func (o *fluentdOutput) file() string { return o.layers[0].draft.path }
func (o *fluentdOutput) line() int    { return o.layers[0].line() }

// place is one address in an output's configuration and where it stands.
type place struct {
	from  parameter
	entry int // which of a comma list; 0 elsewhere
	address
	// written is the entry as it stands: "es1", "es1:9200", "https://user:pass@es1/path".
	written string
	// unknown says why the address can't be told; empty when it can.
	unknown string
	// hostKnown says that only port or scheme are unknown.
	hostKnown bool
	section   *section // the <endpoint> for aws-elasticsearch-service
}

// usesEndpoints says whether the address comes from <endpoint> sections, with which requests are signed. In the plugin
// opensearch they are optional.
func (o *fluentdOutput) usesEndpoints() bool {
	return fluentdPlugins[o.plugin] || strings.HasPrefix(o.plugin, "opensearch") && o.child("endpoint") != nil
}

// isSecondary: a secondary has neither a buffer nor retries of its own.
func (o *fluentdOutput) isSecondary() bool { return o.layers[0].name == "secondary" }

// places gives the addresses an output sends to. An output without any sends to localhost:9200.
func (o *fluentdOutput) places() []place {
	if o.usesEndpoints() {
		return o.endpoints()
	}
	if hosts, ok := o.get("hosts"); ok {
		return o.hostList(hosts)
	}
	host, ok := o.get("host")
	if !ok {
		host = o.kind // stands for the default, and is where a host is added below
		host.value = value{token: -1, text: "localhost"}
	}
	p := place{from: host, written: host.value.text, address: o.defaults()}
	p.host = host.value.text
	p.unknown = o.unknown("host", "port", "scheme")
	p.hostKnown = dynamicReason(host) == ""
	return []place{p}
}

// defaults is what `port`, `scheme` and `path` give to entries that do not say.
func (o *fluentdOutput) defaults() address {
	a := address{scheme: strings.TrimPrefix(o.text("scheme", "http"), ":"), port: defaultPort, path: strings.TrimRight(o.text("path", ""), "/")}
	if port, err := strconv.Atoi(strings.TrimSpace(o.text("port", ""))); err == nil {
		a.port = port
	}
	return a
}

// unknown says why parameters can't be read as they stand.
func (o *fluentdOutput) unknown(keys ...string) string {
	for _, key := range keys {
		if p, ok := o.get(key); ok {
			if reason := dynamicReason(p); reason != "" {
				return reason
			}
		}
	}
	return ""
}

// dynamicReason says what decides a value instead of the file; empty when the file does.
func dynamicReason(p parameter) string {
	if p.value.dynamic {
		return "Ruby code decides " + p.key + ": " + maskSecrets(p.value.text)
	}
	if strings.Contains(p.value.text, "${") {
		return "each event decides " + p.key + ": " + maskSecrets(p.value.text)
	}
	return ""
}

// hostList reads `hosts`: names, name:port, or URLs, separated by commas.
func (o *fluentdOutput) hostList(hosts parameter) []place {
	var places []place
	reason := dynamicReason(hosts)
	for i, written := range strings.Split(hosts.value.text, ",") {
		p := place{from: hosts, entry: i, written: written, address: o.defaults(), unknown: reason}
		entry := strings.TrimSpace(written)
		switch {
		case reason != "":
		case strings.Contains(entry, "://"):
			parsed, err := parseAddress(entry)
			if err != nil {
				p.unknown = "hosts has an entry that is no URL"
			}
			p.address = parsed
		default:
			host, port, hasPort := strings.Cut(entry, ":")
			p.host = host
			if number, err := strconv.Atoi(port); hasPort && err == nil {
				p.port = number
			}
		}
		places = append(places, p)
	}
	return places
}

// endpoints reads the <endpoint> sections of aws-elasticsearch-service.
func (o *fluentdOutput) endpoints() []place {
	var places []place
	for _, layer := range o.layers {
		layer.sections(func(s *section) {
			if s.name != "endpoint" {
				return
			}
			at, ok := s.get("url")
			if !ok {
				return
			}
			p := place{from: at, written: at.value.text, section: s, unknown: dynamicReason(at)}
			if p.unknown == "" {
				parsed, err := parseAddress(at.value.text)
				if err != nil {
					p.unknown = "url is no URL"
				}
				p.address = parsed
			}
			places = append(places, p)
		})
		if len(places) > 0 {
			break
		}
	}
	return places
}
