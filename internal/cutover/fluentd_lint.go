package cutover

// fluentd_lint.go answers: what in a fluentd configuration would lose or double events during the move? One table; a rule
// says where it applies. Facts: the plugins' own code (fluent-plugin-elasticsearch 1.x to 6.x, fluentd 0.12 to 1.19).
// Next: fluentd_gems.go.

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

const openSearch = es.OpenSearch

// lintCase is what a rule looks at.
type lintCase struct {
	*fluentdOutput
	tree   *fluentdTree
	target Endpoint
	gems   gems
}

// fluentdRule is one thing to look for. where gives the line it is about.
type fluentdRule struct {
	code       string
	severity   Severity
	text, hint string
	where      func(c lintCase) (parameter, bool)
}

// fluentdRules are looked for in every output that sends to the source.
var fluentdRules = []fluentdRule{
	{"fluentd-memory-buffer", Danger, "the buffer is in memory: what is not yet sent when fluentd reloads is sent once more and then lost, and so is all of it when the process dies",
		"use a buffer with @type file (up to 0.12: buffer_type file and buffer_path) and restart before the cutover",
		func(c lintCase) (parameter, bool) { return c.bufferType(), c.bufferKind() == "memory" }},
	{"fluentd-buffer-no-path", Warning, "the file buffer has no path of its own, so the backlog is found again only while @id and root_dir stay as they are",
		"give the buffer a path",
		func(c lintCase) (parameter, bool) {
			return c.bufferType(), strings.HasPrefix(c.bufferKind(), "file") && c.bufferText("path", "buffer_path", "") == ""
		}},
	{"fluentd-no-id", Warning, "no id_key: the cluster makes the ids, so a bulk whose answer got lost is stored twice when it is sent again, and both sides can't be compared by id",
		"add a filter elasticsearch_genid (hash_id_key _hash) and id_key _hash, remove_keys _hash",
		func(c lintCase) (parameter, bool) {
			_, ok := c.get("id_key")
			return c.kind, !ok
		}},
	{"fluentd-no-error-store", Warning, "neither a <label @ERROR> nor a <secondary>: events that the target refuses (400) are dropped with a line in the log",
		"add a <label @ERROR> with a file output, and count what it gets",
		func(c lintCase) (parameter, bool) {
			return c.kind, !c.tree.hasErrorStore() && c.child("secondary") == nil
		}},
	{"fluentd-retry-limit", Warning, "after the retry limit is used up (72 hours, or 17 tries up to 0.12) a chunk is dropped",
		"set retry_forever true in the buffer (up to 0.12: disable_retry_limit true), or a <secondary>",
		func(c lintCase) (parameter, bool) {
			return c.kind, !c.retriesForever() && c.child("secondary") == nil && !c.limitsRetries()
		}},
	{"fluentd-few-retries", Danger, "the retries are limited, so a target that is down for a while loses chunks",
		"set retry_forever true in the buffer (up to 0.12: disable_retry_limit true)",
		func(c lintCase) (parameter, bool) {
			p, ok := c.retryLimit()
			return p, ok && !c.retriesForever() && c.child("secondary") == nil
		}},
	{"fluentd-overflow-drops", Danger, "a full buffer drops its oldest chunk",
		"set overflow_action block (up to 0.12: buffer_queue_full_action block)",
		func(c lintCase) (parameter, bool) {
			p, ok := c.overflow()
			return p, ok && p.value.text == "drop_oldest_chunk"
		}},
	{"fluentd-overflow-throws", Info, "a full buffer refuses new events; what the inputs do then differs: in_tail tries again, in_http and in_syslog lose them",
		"set overflow_action block for files that are followed, and make the buffer large enough for the cutover",
		func(c lintCase) (parameter, bool) {
			p, ok := c.overflow()
			return c.orKind(p, ok), !ok || p.value.text == "throw_exception" || p.value.text == "exception"
		}},
	{"fluentd-flush-at-shutdown", Info, "flush_at_shutdown makes the reload wait for the old cluster, although the file buffer keeps everything",
		"nothing needs to be done; without it the reload is quicker",
		func(c lintCase) (parameter, bool) {
			p, ok := c.bufferGet("flush_at_shutdown", "flush_at_shutdown")
			return p, ok && p.value.text == "true" && strings.HasPrefix(c.bufferKind(), "file")
		}},
	{"fluentd-short-timeout", Warning, "a bulk that takes longer than request_timeout is sent again while the cluster still stores it; without id_key that doubles events",
		"set request_timeout to 30s or more",
		func(c lintCase) (parameter, bool) {
			_, hasID := c.get("id_key")
			p, ok := c.get("request_timeout")
			return c.orKind(p, ok), !hasID && seconds(c.text("request_timeout", "5s")) < safeTimeoutSeconds
		}},
	{"fluentd-sniffing-on-aws", Danger, "reload_connections is on (the plugin's default): after 10,000 requests the client asks for the nodes, which AWS hides, and stops sending",
		"set reload_connections false, reload_on_failure false, reconnect_on_error true",
		func(c lintCase) (parameter, bool) {
			p, ok := c.get("reload_connections")
			byDefault := !c.usesEndpoints()
			return c.orKind(p, ok), c.target.onAWS() && c.is("reload_connections", byDefault)
		}},
	{"fluentd-not-append-only", Warning, "write_operation changes or skips documents, so the order of writes matters: switching writers while both sides take writes is not safe",
		"use the fence or the proxy for these indices",
		func(c lintCase) (parameter, bool) {
			p, ok := c.get("write_operation")
			return p, ok && (p.value.text == "update" || p.value.text == "upsert")
		}},
	{"fluentd-daily-index", Info, "the index of the day of the cutover gets events on both sides",
		"verify that index last, after the writers have moved",
		func(c lintCase) (parameter, bool) {
			p, ok := c.get("logstash_format")
			return p, ok && p.value.text == "true"
		}},
	{"fluentd-index-name-ignored", Info, "with logstash_format the plugin ignores index_name", "nothing needs to be done",
		func(c lintCase) (parameter, bool) {
			p, ok := c.get("index_name")
			return p, ok && c.is("logstash_format", false)
		}},
	{"fluentd-parent-key", Danger, "parent_key: the target has no _parent any more, and refuses such events",
		"move parents and children to a join field first",
		func(c lintCase) (parameter, bool) {
			p, ok := c.get("parent_key")
			return p, ok && c.lineage() >= singleTypeMajor
		}},
	{"fluentd-type-from-event", Danger, "target_type_key gives events of one index several types, which the target refuses",
		"remove it; give each type an index of its own",
		func(c lintCase) (parameter, bool) {
			p, ok := c.get("target_type_key")
			return p, ok && c.lineage() >= singleTypeMajor
		}},
	{"fluentd-type-name-ignored", Info, "type_name has no effect any more: the target has no types", "nothing needs to be done",
		func(c lintCase) (parameter, bool) {
			p, ok := c.get("type_name")
			return p, ok && c.lineage() >= typelessMajor && p.value.text != "_doc"
		}},
	{"fluentd-template", Warning, "the plugin puts a template of its own onto the target when it starts, in the form that the old version wanted",
		"bring the file into the target's form first, or remove template_file",
		func(c lintCase) (parameter, bool) {
			p, ok := c.get("template_file")
			return p, ok && c.lineage() >= singleTypeMajor
		}},
	{"fluentd-old-tls", Danger, "ssl_version allows only TLS that the target may refuse", "set ssl_version TLSv1_2",
		func(c lintCase) (parameter, bool) {
			p, ok := c.get("ssl_version")
			return p, ok && (p.value.text == "SSLv23" || p.value.text == "TLSv1" || p.value.text == "TLSv1_1") && strings.HasPrefix(c.target.URL, "https:")
		}},
	{"fluentd-refused-items-lost", Danger, "this version of fluent-plugin-elasticsearch only logs the items of a bulk that the cluster refused, and drops them",
		"update it to 1.16.0 (fluentd 0.12), 2.10.0 or later",
		func(c lintCase) (parameter, bool) { return c.kind, c.gems.dropsRefusedItems() }},
	{"fluentd-plugin-sends-types", Danger, "this version of fluent-plugin-elasticsearch always sends a type, which the target refuses",
		"update it to 4.0.10 or later",
		func(c lintCase) (parameter, bool) {
			plugin := c.gems.plugin
			return c.kind, c.lineage() >= typelessMajor+1 && plugin != nil && less(plugin, suppressesType) && !strings.HasPrefix(c.plugin, "opensearch")
		}},
	{"fluentd-product-check", Danger, "the gem elasticsearch refuses to talk to an OpenSearch from 7.14 on",
		"keep the gem below 7.14, or use fluent-plugin-opensearch",
		func(c lintCase) (parameter, bool) {
			return c.kind, c.target.Version.Product == openSearch && !strings.HasPrefix(c.plugin, "opensearch") &&
				(c.gems.client == nil || !less(c.gems.client, checksProduct))
		}},
	{"fluentd-opensearch-plugin", Danger, "fluent-plugin-opensearch sends to an Elasticsearch", "use the plugin elasticsearch for it",
		func(c lintCase) (parameter, bool) {
			return c.kind, strings.HasPrefix(c.plugin, "opensearch") && !c.target.Version.IsZero() && c.target.Version.Product != openSearch
		}},
	{"fluentd-data-stream", Danger, "data streams exist from Elasticsearch 7.9 on", "use the plugin elasticsearch with an index",
		func(c lintCase) (parameter, bool) {
			return c.kind, strings.HasSuffix(c.plugin, "_data_stream") && !c.target.Version.IsZero() && c.target.Version.Product != openSearch && !c.target.Version.AtLeast(7, 9)
		}},
	{"fluentd-store-stops-others", Warning, "an error in one <store> of a copy keeps the later ones from getting the event",
		"write <store ignore_error> while two clusters take part",
		func(c lintCase) (parameter, bool) {
			s := c.layers[0]
			return c.kind, s.name == "store" && s.parent != nil && isPlugin(s.parent, "copy") && !strings.Contains(s.arg, "ignore")
		}},
}

const safeTimeoutSeconds = 15

func isPlugin(s *section, name string) bool {
	p, ok := s.plugin()
	return ok && p.value.text == name
}

func (c lintCase) lineage() int {
	if c.target.Version.IsZero() {
		return 0
	}
	return c.target.Version.Lineage()
}

// orKind gives the parameter, or the output's type when there is none.
func (c lintCase) orKind(p parameter, ok bool) parameter {
	if ok {
		return p
	}
	return c.kind
}

// bufferGet reads a parameter of the <buffer> section, or the flat one that stood in its place up to 0.12 and is still read.
func (o *fluentdOutput) bufferGet(key, flat string) (parameter, bool) {
	if buffer := o.child("buffer"); buffer != nil {
		if p, ok := buffer.get(key); ok {
			return p, true
		}
	}
	return o.get(flat)
}

func (o *fluentdOutput) bufferText(key, flat, otherwise string) string {
	if p, ok := o.bufferGet(key, flat); ok {
		return p.value.text
	}
	return otherwise
}

func (o *fluentdOutput) bufferType() parameter {
	if p, ok := o.bufferGet("@type", "buffer_type"); ok {
		return p
	}
	return o.kind
}

// bufferKind: these plugins keep their buffer in memory unless told otherwise.
func (o *fluentdOutput) bufferKind() string { return o.bufferText("@type", "buffer_type", "memory") }

func (o *fluentdOutput) overflow() (parameter, bool) {
	return o.bufferGet("overflow_action", "buffer_queue_full_action")
}

func (o *fluentdOutput) retriesForever() bool {
	return o.bufferText("retry_forever", "disable_retry_limit", "false") == "true"
}

func (o *fluentdOutput) retryLimit() (parameter, bool) {
	for _, keys := range [][2]string{{"retry_max_times", "retry_limit"}, {"retry_timeout", "retry_timeout"}} {
		if p, ok := o.bufferGet(keys[0], keys[1]); ok {
			return p, true
		}
	}
	return parameter{}, false
}

func (o *fluentdOutput) limitsRetries() bool {
	_, ok := o.retryLimit()
	return ok
}

// hasErrorStore says whether events that an output gives up go somewhere.
func (t *fluentdTree) hasErrorStore() bool {
	found := false
	t.root.sections(func(s *section) {
		found = found || s.name == "label" && s.arg == "@ERROR" && s.child("match") != nil
	})
	return found
}

// seconds reads fluentd's durations: 5, 5s, 10m, 1h, 1d. What is none counts as long.
func seconds(text string) float64 {
	unit := 1.0
	if n := len(text); n > 0 {
		switch text[n-1] {
		case 's':
			text = text[:n-1]
		case 'm':
			text, unit = text[:n-1], 60
		case 'h':
			text, unit = text[:n-1], 60*60
		case 'd':
			text, unit = text[:n-1], 24*60*60
		}
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return safeTimeoutSeconds
	}
	return number * unit
}

// managedBy finds the note that configuration management leaves in files it writes.
var managedBy = regexp.MustCompile(`(?i)#[^\n]*(ansible managed|managed by (?:puppet|chef|salt|ansible|terraform)|do not edit|this file is managed)`)

// lintManaged: a change would be taken back by the next run of whoever writes the file.
func lintManaged(d *draft) []Finding {
	for _, t := range d.tokens {
		if managedBy.MatchString(t.text) {
			return []Finding{{Code: "managed-file", Severity: Warning, File: d.path, Line: t.line,
				Text: "another tool writes this file and would take the change back", Hint: "stop that tool for the move, and make the same change at its source"}}
		}
	}
	return nil
}

// lint looks for everything in the outputs that were moved.
func (t *fluentdTree) lint(moved []*fluentdOutput, target Endpoint, installed gems) []Finding {
	var findings []Finding
	for _, o := range moved {
		if o.isSecondary() {
			continue
		}
		c := lintCase{o, t, target, installed}
		for _, rule := range fluentdRules {
			if p, ok := rule.where(c); ok {
				findings = append(findings, Finding{Code: rule.code, Severity: rule.severity, File: p.draft.path, Line: p.line(), Text: rule.text, Hint: rule.hint})
			}
		}
	}
	if !target.Version.IsZero() && target.Version.Lineage() == singleTypeMajor {
		findings = append(findings, lintMixedTypes(moved)...)
	}
	return findings
}

// lintMixedTypes: from 6.0 on an index has one type, so outputs that share an index must agree (BC 3-01).
func lintMixedTypes(moved []*fluentdOutput) []Finding {
	types := map[string]string{}
	var findings []Finding
	for _, o := range moved {
		index := o.text("index_name", "fluentd")
		if o.is("logstash_format", false) {
			index = o.text("logstash_prefix", "logstash")
		}
		own := o.text("type_name", "fluentd")
		if have, ok := types[index]; ok && have != own {
			findings = append(findings, Finding{Code: "fluentd-mixed-types", Severity: Danger, File: o.kind.draft.path, Line: o.kind.line(),
				Text: "index " + index + " gets the types " + have + " and " + own + ", and the target takes one type per index",
				Hint: "give all outputs of that index one type_name, that which its documents have on the target"})
		}
		types[index] = own
	}
	return findings
}

// fence judges whether refused events are kept.
func (t *fluentdTree) fence(moved []*fluentdOutput, installed gems) Fence {
	if len(moved) == 0 {
		return Fence{Allowed: true, Reason: "it sends nothing to the source"}
	}
	for _, o := range moved {
		if o.isSecondary() {
			continue
		}
		limit, limited := o.retryLimit()
		overflow, _ := o.overflow()
		switch {
		case o.bufferKind() == "memory":
			return Fence{Reason: "the buffer is in memory, so what a write block holds back is lost by the reload"}
		case overflow.value.text == "drop_oldest_chunk":
			return Fence{Reason: "a full buffer drops its oldest chunk"}
		case limited && !o.retriesForever() && o.child("secondary") == nil:
			return Fence{Reason: "retries are limited by " + limit.key + " " + limit.value.text}
		case strings.HasPrefix(o.plugin, "opensearch"):
			continue // it began after refused items were retried
		case installed.plugin == nil:
			return Fence{Reason: "the version of fluent-plugin-elasticsearch is not known, and those before 1.16.0 and 2.10.0 drop refused items"}
		case installed.dropsRefusedItems():
			return Fence{Reason: "this version of fluent-plugin-elasticsearch drops refused items"}
		}
	}
	return Fence{Allowed: true, Reason: "its file buffer keeps what is refused, and it tries again"}
}
