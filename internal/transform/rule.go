package transform

// rule.go answers: what is a rule, and how does it reach every mapping, field, setting and alias of an index?
// Next: rules.go, the ordered table.

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// Rule is one breaking change: what it is, since when, and what is done about it. A hook that is nil has nothing to do.
type Rule struct {
	// Name is the rule's file without its ending.
	Name string
	// Rows are the rows of the list of breaking changes that it answers.
	Rows []string
	// Since is the first release that asks for it; for Elasticsearch from 7.11 on OpenSearch doesn't.
	Since es.Version
	// Why says in one sentence what breaks.
	Why string

	// index sees the whole draft, before the other hooks of the same rule.
	index func(d *draft) error
	// mapping sees each type's mapping, and those of templates.
	mapping func(d *draft, docType *docType)
	// field sees each field, its multi-fields, and the mappings inside dynamic templates.
	field func(d *draft, f field)
	// root sees the body of a template, beside what an index has too.
	root func(d *draft, body *object)
	// alias sees each alias.
	alias func(d *draft, name string, body *object)
}

// docType is one type of the source; its name is empty where the source has none.
type docType struct {
	name    string
	mapping *object
	// traits are what the rules found out for the documents of this type.
	traits traits
}

// sourceName is the type's name at the source, whatever a rule calls it since.
func (t *docType) sourceName() string {
	return or(t.traits.sourceName, t.name)
}

// field is one definition inside a mapping.
type field struct {
	docType *docType
	// path is the field's full name; a dynamic template's is its name in brackets.
	path string
	name string
	// body is the definition, parent the object that holds it under name.
	body, parent *object
	// owner is the field that a multi-field stands under.
	owner *object
	// multi says that it stands under another field's "fields".
	multi bool
	// template says that it is the mapping of a dynamic template.
	template bool
}

// kind is the field's type; an object's may be left out.
func (f field) kind() string {
	kind := f.body.text("type")
	if kind == "" && f.body.has("properties") {
		return "object"
	}
	return kind
}

// draft is one index (or template) on its way.
type draft struct {
	in                      IndexInput
	source, target, created es.Version
	choices                 Choices
	name                    string
	types                   []*docType
	// defaults is the mapping of _default_, while there is such a thing.
	defaults *object
	settings *object
	aliases  *object
	split    []*targetIndex
	joinName string
	template bool
	changes  []Change
	findings []Finding
	rule     *Rule
}

const (
	defaultType = "_default_"
	indexPrefix = "index."
)

func newDraft(in IndexInput, source, target es.Version, choices Choices) (*draft, error) {
	d := &draft{in: in, source: source, target: target, created: in.Created, choices: choices, name: in.Name, settings: &object{}, aliases: &object{}}
	if d.created.IsZero() {
		d.created = source
	}
	if name, ok := choices.Names[in.Name]; ok && name != in.Name {
		d.rule = &Rule{Name: "user"}
		d.changed("index", d.name, name, "renamed as migration.yaml says")
		d.name = name
	}
	if err := d.readSettings(in.Settings); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	if len(in.Mappings) > 0 {
		mappings, err := parseObject(in.Mappings)
		if err != nil {
			return nil, fmt.Errorf("mappings: %w", err)
		}
		d.readMappings(mappings)
	}
	for _, name := range sortedKeys(in.Aliases) {
		alias, err := parseObject(in.Aliases[name])
		if err != nil {
			return nil, fmt.Errorf("alias %s: %w", name, err)
		}
		d.aliases.set(name, alias)
	}
	return d, nil
}

// rootParameters are the keys that only a mapping without types has at its root.
var rootParameters = []string{"properties", "dynamic", "dynamic_templates", "_source", "_routing", "_meta", "_field_names", "date_detection", "numeric_detection",
	"dynamic_date_formats", "runtime", "derived", "_data_stream_timestamp", "_size", "enabled", "subobjects", "_doc_count", "_ignored"}

func (d *draft) readMappings(mappings *object) {
	typeless := d.source.AtLeast(7, 0) || mappings.has("properties") && mappings.object("properties").object("properties") == nil
	for _, key := range mappings.keys {
		// A template of 7.x may still hold a type; a type's mapping is an object without a type of its own.
		if d.source.AtLeast(7, 0) && !slices.Contains(rootParameters, key) && mappings.object(key) != nil {
			typeless = false
		}
	}
	if mappings.len() == 0 {
		if d.source.AtLeast(7, 0) {
			d.types = []*docType{{mapping: mappings}}
		}
		return
	}
	if typeless {
		d.types = []*docType{{mapping: mappings}}
		return
	}
	mappings.each(func(name string, v value) {
		mapping, ok := v.(*object)
		if !ok {
			return
		}
		if name == defaultType {
			d.defaults = mapping
			return
		}
		d.types = append(d.types, &docType{name: name, mapping: mapping})
	})
}

// readSettings makes lists of what old versions flatten into name.0, name.1.
func (d *draft) readSettings(settings map[string]json.RawMessage) error {
	lists := map[string]map[int]value{}
	for _, key := range sortedKeys(settings) {
		parsed, err := parseAny(settings[key])
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		if !strings.HasPrefix(key, indexPrefix) && key != strings.TrimSuffix(indexPrefix, ".") {
			key = indexPrefix + key
		}
		if nested, ok := parsed.(*object); ok {
			d.flatten(key, nested)
			continue
		}
		if base, index, ok := cutLast(key); ok {
			if n, err := strconv.Atoi(index); err == nil && n >= 0 && n < len(settings) {
				if lists[base] == nil {
					lists[base] = map[int]value{}
				}
				lists[base][n] = parsed
				continue
			}
		}
		d.settings.set(key, parsed)
	}
	for _, base := range sortedKeys(lists) {
		items := list{}
		for n := range len(settings) {
			if item, ok := lists[base][n]; ok {
				items = append(items, item)
			}
		}
		d.settings.set(base, items)
	}
	sort.Strings(d.settings.keys)
	return nil
}

func (d *draft) flatten(prefix string, nested *object) {
	nested.each(func(key string, v value) {
		// Templates of 1.x and 2.x come back half flat: {"index":{…}}, {"index.number_of_shards":…} and {"number_of_shards":…}
		// are all the same to the server.
		if key == "index" || strings.HasPrefix(key, "index.") {
			if inner, ok := v.(*object); ok && key == "index" {
				d.flatten(prefix, inner)
				return
			}
			key = strings.TrimPrefix(key, "index.")
		}
		if inner, ok := v.(*object); ok {
			d.flatten(prefix+"."+key, inner)
			return
		}
		d.settings.set(prefix+"."+key, v)
	})
}

func cutLast(key string) (base, last string, ok bool) {
	at := strings.LastIndexByte(key, '.')
	if at < 0 {
		return key, "", false
	}
	return key[:at], key[at+1:], true
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// applyRules runs the table, rule by rule.
func (d *draft) applyRules() error {
	for _, rule := range Rules() {
		if !rule.reaches(d.target) {
			continue
		}
		d.rule = &rule
		if rule.index != nil {
			if err := rule.index(d); err != nil {
				return fmt.Errorf("%s: %w", rule.Name, err)
			}
		}
		for _, docType := range d.mappings() {
			if rule.mapping != nil {
				rule.mapping(d, docType)
			}
			if rule.field != nil {
				d.eachField(docType, func(f field) { rule.field(d, f) })
			}
		}
		if rule.alias != nil {
			d.aliases.each(func(name string, v value) {
				if body, ok := v.(*object); ok {
					rule.alias(d, name, body)
				}
			})
		}
	}
	return nil
}

// reaches says whether the target is one that asks for the rule.
func (r Rule) reaches(target es.Version) bool {
	if r.Since.Product == es.OpenSearch {
		return target.Product == es.OpenSearch && es.Compare(target, r.Since) >= 0
	}
	return target.AtLeast(r.Since.Major, r.Since.Minor)
}

// mappings gives every mapping that there is, _default_ included.
func (d *draft) mappings() []*docType {
	all := slices.Clone(d.types)
	if d.defaults != nil {
		all = append(all, &docType{name: defaultType, mapping: d.defaults})
	}
	return all
}

// eachField visits parents before what is in them.
func (d *draft) eachField(docType *docType, visit func(field)) {
	walkProperties(docType, docType.mapping.object("properties"), "", visit)
	for _, rule := range dynamicTemplates(docType.mapping) {
		if mapping := rule.body.object("mapping"); mapping != nil {
			f := field{docType: docType, path: "[" + rule.name + "]", name: "mapping", body: mapping, parent: rule.body, template: true}
			visit(f)
			walkInside(docType, f, visit)
		}
	}
}

func walkProperties(docType *docType, properties *object, prefix string, visit func(field)) {
	properties.each(func(name string, v value) {
		body, ok := v.(*object)
		if !ok {
			return
		}
		f := field{docType: docType, path: prefix + name, name: name, body: body, parent: properties}
		visit(f)
		if now, ok := properties.get(name).(*object); ok {
			f.body = now
			walkInside(docType, f, visit)
		}
	})
}

func walkInside(docType *docType, f field, visit func(field)) {
	walkProperties(docType, f.body.object("properties"), f.path+".", visit)
	fields := f.body.object("fields")
	fields.each(func(name string, v value) {
		if body, ok := v.(*object); ok {
			inner := field{docType: docType, path: f.path + "." + name, name: name, body: body, parent: fields, owner: f.body, multi: true, template: f.template}
			visit(inner)
			if now, ok := fields.get(name).(*object); ok && now.has("fields") {
				inner.body = now
				walkInside(docType, inner, visit)
			}
		}
	})
}

// dynamicTemplate is one entry of dynamic_templates.
type dynamicTemplate struct {
	name string
	body *object
}

func dynamicTemplates(mapping *object) []dynamicTemplate {
	var found []dynamicTemplate
	items, _ := mapping.get("dynamic_templates").(list)
	for _, item := range items {
		if entry, ok := item.(*object); ok {
			entry.each(func(name string, v value) {
				if body, ok := v.(*object); ok {
					found = append(found, dynamicTemplate{name, body})
				}
			})
		}
	}
	return found
}

func (d *draft) where(f field) string { return d.whereType(f.docType) + " " + f.path }

func (d *draft) whereType(t *docType) string {
	if t.name == "" {
		return "mapping"
	}
	return "mapping " + t.name
}

// changed notes what a rule did; before and after are values, texts, or nil for nothing.
func (d *draft) changed(where string, before, after value, why string) {
	d.changes = append(d.changes, Change{Rule: d.rule.Name, Rows: d.rule.Rows, Where: where, Old: shown(before), New: shown(after), Why: why})
}

// maxShown keeps a change readable; the whole lies in the two mappings.
const maxShown = 400

func shown(v value) string {
	out := ""
	switch v := v.(type) {
	case nil:
	case string:
		out = v
	default:
		out = write(v)
	}
	if len(out) > maxShown {
		out = strings.ToValidUTF8(out[:maxShown], "") + "…"
	}
	return out
}

func (d *draft) found(severity Severity, where, message, decide string) {
	finding := Finding{Rule: d.rule.Name, Severity: severity, Where: where, Message: message, Decide: decide}
	if !slices.Contains(d.findings, finding) {
		d.findings = append(d.findings, finding)
	}
}

// drop removes a parameter and notes it.
func (d *draft) drop(where string, o *object, key, why string) {
	if o.has(key) {
		d.changed(where, newObject(key, o.get(key)), nil, why)
		o.delete(key)
	}
}

// replace sets a parameter in another's place and notes it.
func (d *draft) replace(where string, o *object, from, to string, v value, why string) {
	before := newObject(from, o.get(from))
	if from == to || !o.rename(from, to) {
		o.delete(from)
	}
	o.set(to, v)
	d.changed(where, before, newObject(to, v), why)
}

func elasticsearch(major, minor int) es.Version { return es.Version{Major: major, Minor: minor} }

func openSearch(major, minor int) es.Version {
	return es.Version{Product: es.OpenSearch, Major: major, Minor: minor}
}
