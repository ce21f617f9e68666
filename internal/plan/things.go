package plan

// things.go answers: what comes along beside the indices (pipelines, templates, policies, scripts, settings), what does it
// become, and what is left behind for which reason? Next: check_things.go.

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// ThingKind is a kind of thing, as it is named in migration.yaml and shown to a person.
type ThingKind string

// The kinds, in the order in which they are written: each may name those before it.
const (
	Script            ThingKind = "script"
	Pipeline          ThingKind = "pipeline"
	ComponentTemplate ThingKind = "component"
	IndexTemplate     ThingKind = "index-template"
	LegacyTemplate    ThingKind = "template"
	LifecyclePolicy   ThingKind = "lifecycle"
	StatePolicy       ThingKind = "state-policy"
	ClusterSetting    ThingKind = "setting"
)

// Thing is one of them.
type Thing struct {
	Kind ThingKind `json:"kind"`
	Name string    `json:"name"`
	// Becomes is its kind on the target.
	Becomes ThingKind `json:"becomes,omitempty"`
	// Left is why it stays behind; empty when it comes along.
	Left string `json:"left,omitempty"`
	// There says that the target has one of that name, which stays.
	There    bool                `json:"there,omitempty"`
	Changes  []transform.Change  `json:"changes,omitempty"`
	Findings []transform.Finding `json:"findings,omitempty"`
	// Before is its body on the source, After on the target; not kept in the plan.
	Before json.RawMessage `json:"-"`
	After  json.RawMessage `json:"-"`
}

// ID is kind and name, as `leave` in migration.yaml matches it.
func (t Thing) ID() string { return string(t.Kind) + "/" + t.Name }

// carrier decides about all things of one move.
type carrier struct {
	source, target es.Version
	from, there    *cluster.Belongings
	wanted         *migration.Migration
	things         []Thing
}

// Things decides what becomes of everything the source holds beside its indices.
func Things(from, there *cluster.Belongings, source, target es.Version, wanted *migration.Migration) []Thing {
	c := &carrier{source: source, target: target, from: from, there: there, wanted: wanted}
	c.each(Script, Script, from.Scripts, there.Scripts, c.script)
	c.each(Pipeline, Pipeline, from.Pipelines, there.Pipelines, c.pipeline)
	c.each(ComponentTemplate, ComponentTemplate, from.Components, there.Components, c.composed)
	c.each(IndexTemplate, IndexTemplate, from.Composable, there.Composable, c.composed)
	c.legacy()
	if target.Product == es.OpenSearch {
		c.each(LifecyclePolicy, StatePolicy, from.Lifecycles, there.States, c.lifecycleToStates)
	} else {
		c.each(LifecyclePolicy, LifecyclePolicy, from.Lifecycles, there.Lifecycles, c.lifecycle)
	}
	c.each(StatePolicy, StatePolicy, from.States, there.States, c.state)
	c.each(ClusterSetting, ClusterSetting, from.Settings, there.Settings, c.setting)
	return c.things
}

// ownedByServer are name prefixes of templates and pipelines that servers and plugins make for themselves; later ones mark
// what is theirs as managed.
var ownedByServer = []string{".", "kibana_index_template", "logstash-index-template", "security-index-template", "security_audit_log", "watches", "triggered_watches", "watch-history", "opendistro", "opensearch", "ilm-history", "slm-history"}

// ownPolicies are lifecycle policies that Elasticsearch brings, from a time when it did not mark them.
var ownPolicies = []string{"logs", "metrics", "synthetics", "watch-history-ilm-policy", "watch-history-ilm-policy-16", "ml-size-based-ilm-policy", "kibana-event-log-policy", "7-days-default", "30-days-default", "90-days-default", "180-days-default", "365-days-default"}

func ownsServer(kind ThingKind, name string, body []byte) bool {
	return slices.ContainsFunc(ownedByServer, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) || kind == LifecyclePolicy && slices.Contains(ownPolicies, name) ||
		gjson.GetBytes(body, "_meta.managed").Bool() || gjson.GetBytes(body, "policy._meta.managed").Bool()
}

func (c *carrier) each(kind, becomes ThingKind, bodies, there map[string]json.RawMessage, decide func(*Thing)) {
	for _, name := range sortedNames(bodies) {
		thing := Thing{Kind: kind, Name: name, Becomes: becomes, Before: bodies[name]}
		if c.leaves(&thing, there) {
			c.things = append(c.things, thing)
			continue
		}
		decide(&thing)
		if thing.Left != "" {
			thing.Becomes, thing.After = "", nil
		}
		c.things = append(c.things, thing)
	}
}

// leaves says whether a thing stays behind whatever it is.
func (c *carrier) leaves(thing *Thing, there map[string]json.RawMessage) bool {
	body, exists := there[thing.Name]
	switch {
	case slices.ContainsFunc(c.wanted.Leave, func(pattern string) bool {
		matched, err := path.Match(pattern, thing.ID())
		return err == nil && matched
	}):
		thing.Left = leftByPerson
	case thing.Kind != ClusterSetting && thing.Kind != Script && ownsServer(thing.Kind, thing.Name, thing.Before):
		thing.Left = "made by the server or a plugin for itself"
	case exists:
		thing.Left, thing.There, thing.After = "the target has one of that name, which stays", true, body
	default:
		return false
	}
	return true
}

func (c *carrier) keep(thing *Thing, body []byte, changes []transform.Change, findings []transform.Finding, err error) {
	if err != nil {
		thing.Findings = append(thing.Findings, transform.Finding{Rule: "unreadable", Severity: transform.Blocker, Where: thing.ID(), Message: err.Error(), Decide: "mend it on the source, or name it in leave"})
		thing.Left = "it cannot be read"
		return
	}
	thing.After, thing.Changes, thing.Findings = body, append(thing.Changes, changes...), append(thing.Findings, findings...)
}

func (c *carrier) script(thing *Thing) {
	thing.After, thing.Left = thing.Before, transform.Script(thing.Before, c.target)
}

func (c *carrier) pipeline(thing *Thing) {
	made, err := transform.Pipeline(thing.Name, thing.Before, c.source, c.target)
	c.keep(thing, made.Body, made.Changes, made.Findings, err)
	if len(c.there.Processors) == 0 {
		return
	}
	for _, processor := range transform.Processors(made.Body) {
		if !slices.Contains(c.there.Processors, processor) {
			thing.Findings = append(thing.Findings, transform.Finding{Rule: "processor", Severity: transform.Blocker, Where: thing.ID(), Message: "the target's nodes have no processor " + processor,
				Decide: "install the plugin that brings it, or leave the pipeline: leave: [" + thing.ID() + "]"})
		}
	}
}

func (c *carrier) composed(thing *Thing) {
	made, err := transform.Composed(thing.Name, thing.Before, c.source, c.target, c.wanted.Transform)
	c.keep(thing, made.Body, made.Changes, made.Findings, err)
}

// legacy decides about legacy templates, which may have to become composable ones, all at once: they may meet each other.
func (c *carrier) legacy() {
	first := len(c.things)
	c.each(LegacyTemplate, LegacyTemplate, c.from.Legacy, c.there.Legacy, func(thing *Thing) {
		made, err := transform.Template(thing.Name, thing.Before, c.source, c.target, c.wanted.Transform)
		c.keep(thing, made.Body, made.Changes, made.Findings, err)
	})
	wanted := c.wanted.Transform.Templates
	if wanted == "" && c.target.Product == es.Elasticsearch && c.target.AtLeast(8, 0) {
		wanted = transform.TemplatesComposable
	}
	if wanted != transform.TemplatesComposable || !cluster.DialectFor(c.target).ComposableTemplates {
		return
	}
	mine := c.things[first:]
	bodies := map[string][]byte{}
	for _, thing := range mine {
		if thing.Left == "" {
			bodies[thing.Name] = thing.After
		}
	}
	composable, findings, err := transform.Composable(bodies)
	if err != nil {
		return // each was made by transform.Template, which gives JSON
	}
	for i := range mine {
		thing := &mine[i]
		body, becomes := composable[thing.Name]
		for _, finding := range findings {
			if finding.Where == "template "+thing.Name {
				thing.Findings = append(thing.Findings, finding)
			}
		}
		if !becomes {
			continue
		}
		if there, exists := c.there.Composable[thing.Name]; exists {
			thing.Left, thing.There, thing.After, thing.Becomes = "the target has a composable template of that name, which stays", true, there, ""
			continue
		}
		thing.Becomes, thing.After = IndexTemplate, body
		thing.Changes = append(thing.Changes, transform.Change{Rule: "composable", Where: "template " + thing.Name, Old: "legacy template", New: "composable template", Why: "legacy templates are on their way out, and any composable one hides them"})
	}
}

func (c *carrier) lifecycle(thing *Thing) {
	made, err := transform.LifecycleKept(thing.Name, thing.Before, c.target)
	c.keep(thing, made.Body, made.Changes, made.Findings, err)
	c.mindAttachment(thing)
}

func (c *carrier) lifecycleToStates(thing *Thing) {
	made, err := transform.Lifecycle(thing.Name, thing.Before, c.patternsOf(thing.Name), c.target)
	c.keep(thing, made.Body, made.Changes, made.Findings, err)
}

// mindAttachment says that no index or template is under the policy yet: it would delete or roll over what is loaded.
func (c *carrier) mindAttachment(thing *Thing) {
	if patterns := c.patternsOf(thing.Name); len(patterns) > 0 {
		thing.Findings = append(thing.Findings, transform.Finding{Rule: "lifecycle-attached", Severity: transform.Warning, Where: thing.ID(),
			Message: "the policy comes along, but templates and indices are not put under it, since it would count their age anew: " + strings.Join(patterns, ", "),
			Decide:  "after the cutover set index.lifecycle.name in the templates again"})
	}
}

// patternsOf lists the index patterns whose templates name a lifecycle policy.
func (c *carrier) patternsOf(policy string) []string {
	var patterns []string
	add := func(body json.RawMessage, prefix string) {
		for _, key := range []string{"settings.index.lifecycle.name", `settings.index\.lifecycle\.name`} {
			if gjson.GetBytes(body, prefix+key).String() != policy {
				continue
			}
			gjson.GetBytes(body, "index_patterns").ForEach(func(_, pattern gjson.Result) bool {
				if !slices.Contains(patterns, pattern.String()) {
					patterns = append(patterns, pattern.String())
				}
				return true
			})
		}
	}
	for _, name := range sortedNames(c.from.Legacy) {
		add(c.from.Legacy[name], "")
	}
	for _, name := range sortedNames(c.from.Composable) {
		add(c.from.Composable[name], "template.")
	}
	return patterns
}

func (c *carrier) state(thing *Thing) {
	if c.target.Product != es.OpenSearch {
		thing.Left = "Elasticsearch has no index state management: write a lifecycle policy that does the same"
		return
	}
	body, err := transform.State(thing.Name, thing.Before)
	c.keep(thing, body, nil, nil, err)
}

// carriedSettings are persistent settings that say how the cluster behaves, not where its nodes or shards are, since the
// release that knows each.
var carriedSettings = map[string]es.Version{
	"action.auto_create_index": {}, "action.destructive_requires_name": {}, "cluster.indices.close.enable": {}, "search.default_search_timeout": {},
	"search.low_level_cancellation": {Major: 5, Minor: 3}, "search.max_buckets": {Major: 6, Minor: 2}, "cluster.max_shards_per_node": {Major: 6, Minor: 6}, "search.max_keep_alive": {Major: 6, Minor: 7},
	"search.default_keep_alive": {Major: 5, Minor: 3}, "search.default_allow_partial_results": {Major: 6, Minor: 3}, "search.allow_expensive_queries": {Major: 7, Minor: 7}, "indices.id_field_data.enabled": {Major: 7, Minor: 6},
}

func (c *carrier) setting(thing *Thing) {
	since, known := carriedSettings[thing.Name]
	switch {
	case !known:
		thing.Left = "it belongs to the source's own nodes and shards, or to a plugin of theirs"
	case !c.target.AtLeast(since.Major, since.Minor):
		thing.Left = "unknown to the target"
	default:
		thing.After = thing.Before
	}
}

func sortedNames[V any](things map[string]V) []string {
	names := make([]string, 0, len(things))
	for name := range things {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

const leftByPerson = "left behind, as migration.yaml says"
