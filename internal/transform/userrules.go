package transform

// userrules.go answers: what may a person's own rule do to an index, its mapping and its documents? Next: document.go.

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// UserRule is one rule of migration.yaml. All that it names happens in the order of its fields here.
type UserRule struct {
	// Index is a pattern over names of source indices; empty means all.
	Index string `yaml:"index,omitempty"`
	// Keep is an expression, as Expr is one: documents for which it is false are left out, on purpose.
	Keep string `yaml:"keep,omitempty"`
	// Rename gives fields another name: full path to full path. Paths reach into arrays of objects and dotted names; out of
	// an array nothing moves.
	Rename map[string]string `yaml:"rename,omitempty"`
	// Drop removes fields, by full path.
	Drop []string `yaml:"drop,omitempty"`
	// Set writes a field of every document, by full path; values are JSON.
	Set map[string]string `yaml:"set,omitempty"`
	// Type maps fields anew, by full path: a type's name, or a whole definition as JSON.
	Type map[string]string `yaml:"type,omitempty"`
	// Split sends each document to an index of its own: the target's name, a dash, and what the field at this path holds.
	Split string `yaml:"split,omitempty"`
	// Expr is an expression over the document: doc (its source), id, type and routing (as the source has them). true keeps it, false puts it into
	// quarantine, and a map is merged into it: {"total": doc.price * doc.count}.
	Expr string `yaml:"expr,omitempty"`
}

// Matches says whether the rule is about an index of the source.
func (r UserRule) Matches(index string) bool {
	if r.Index == "" {
		return true
	}
	matched, err := path.Match(r.Index, index)
	return err == nil && matched
}

// Validate says what is wrong with a rule before anything runs.
func (r UserRule) Validate() error {
	if _, err := path.Match(r.Index, ""); err != nil {
		return fmt.Errorf("index pattern %q: %w", r.Index, err)
	}
	for from, to := range r.Rename {
		if from == "" || to == "" {
			return fmt.Errorf("rename %q: %q is no name; to remove a field, drop it", from, to)
		}
	}
	for name, v := range r.Set {
		if _, err := parseAny([]byte(v)); err != nil {
			return fmt.Errorf("set %s: %q is no JSON; a text needs quotes of its own: '\"text\"'", name, v)
		}
	}
	for name, v := range r.Type {
		if strings.HasPrefix(v, "{") {
			if _, err := parseObject([]byte(v)); err != nil {
				return fmt.Errorf("type %s: %q: %w", name, v, err)
			}
		}
	}
	if _, err := compileExpression(r.Keep); err != nil {
		return fmt.Errorf("keep: %w", err)
	}
	if _, err := compileExpression(r.Expr); err != nil {
		return fmt.Errorf("expr: %w", err)
	}
	return nil
}

func userMapping() Rule {
	return Rule{Name: "user", Why: "a rule of migration.yaml", index: func(d *draft) error {
		for i, rule := range d.choices.Rules {
			if !rule.Matches(d.in.Name) {
				continue
			}
			if err := rule.Validate(); err != nil {
				return fmt.Errorf("rule %d of migration.yaml: %w", i+1, err)
			}
			for _, mapping := range d.targetMappings() {
				d.userFields(rule, mapping)
			}
			if rule.Keep != "" && !d.template {
				d.found(Warning, "documents", "those for which "+rule.Keep+" is false are left out, as migration.yaml says", "")
			}
			if rule.Split != "" && !d.template {
				d.markSplit()
				d.found(Info, "index", "each document goes to the index "+d.name+"-<"+rule.Split+">", "")
			}
		}
		return nil
	}}
}

// splits says whether a rule spreads the documents of an index.
func (c Choices) splits(index string) bool {
	return slices.ContainsFunc(c.Rules, func(rule UserRule) bool { return rule.Split != "" && rule.Matches(index) })
}

// splitMark is the key below _meta that names the index whose documents were spread.
const splitMark = "hikkoshi_split_of"

// markSplit lets the indices that documents are spread over be told from others of such a name.
func (d *draft) markSplit() {
	for _, t := range d.targets() {
		mappings := []*object{t.mapping}
		for _, docType := range t.types {
			mappings = append(mappings, docType.mapping)
		}
		for _, mapping := range mappings {
			if mapping == nil {
				continue
			}
			if mapping.object("_meta") == nil {
				mapping.set("_meta", &object{})
			}
			mapping.object("_meta").set(splitMark, text(t.name))
		}
	}
}

// SplitOf reads from a mapping of the target which index it is a part of; "" when it is none.
func SplitOf(mapping []byte) string {
	root := gjson.ParseBytes(mapping)
	of := root.Get("_meta." + splitMark).String()
	root.ForEach(func(_, docType gjson.Result) bool {
		of = or(of, docType.Get("_meta."+splitMark).String())
		return of == ""
	})
	return of
}

// targetMappings are the mappings that the target will have: one for each index from 6.0 on, one for each type before.
func (d *draft) targetMappings() []*object {
	var mappings []*object
	for _, t := range d.targets() {
		if t.joined {
			mappings = append(mappings, t.mapping)
			continue
		}
		for _, docType := range t.types {
			mappings = append(mappings, docType.mapping)
		}
	}
	return mappings
}

func (d *draft) userFields(rule UserRule, mapping *object) {
	for _, from := range sortedKeys(rule.Rename) {
		d.renameField(mapping, from, rule.Rename[from])
	}
	for _, name := range rule.Drop {
		if properties, leaf := parentOf(mapping, name); properties.has(leaf) {
			d.drop("mapping "+name, properties, leaf, "a rule of migration.yaml")
		}
	}
	for _, name := range sortedKeys(rule.Type) {
		if properties, leaf := holderOf(mapping, name, true); properties != nil {
			now := definition(rule.Type[name])
			d.changed("mapping "+name, properties.get(leaf), now, "a rule of migration.yaml")
			properties.set(leaf, now)
		} else {
			d.found(Warning, "mapping "+name, "a rule of migration.yaml names a type for a field below one that is a value", "correct the path")
		}
	}
}

func definition(v string) *object {
	if parsed, err := parseObject([]byte(v)); err == nil {
		return parsed
	}
	return newObject("type", text(v))
}

// parentOf finds the properties that hold the last step of a path; nil where an object on the way is not mapped.
func parentOf(mapping *object, name string) (*object, string) { return holderOf(mapping, name, false) }

// holderOf is parentOf, and makes objects that are missing on the way if it is told to; what is mapped as a value holds none.
func holderOf(mapping *object, name string, makes bool) (*object, string) {
	at := mapping.object("properties")
	if at == nil && (makes || !strings.Contains(name, ".")) {
		at = &object{}
		mapping.set("properties", at)
	}
	for {
		first, rest, deeper := strings.Cut(name, ".")
		if !deeper || at == nil {
			return at, name
		}
		next := at.object(first)
		if next == nil && makes && !at.has(first) {
			next = newObject("properties", &object{})
			at.set(first, next)
		}
		if next == nil {
			return nil, name
		}
		inner := next.object("properties")
		if kind := next.text("type"); inner == nil && makes && (kind == "" || kind == "object" || kind == "nested") {
			inner = &object{}
			next.set("properties", inner)
		}
		if inner == nil {
			inner = next.object("fields")
		}
		at, name = inner, rest
	}
}

func (d *draft) renameField(mapping *object, from, to string) {
	properties, leaf := parentOf(mapping, from)
	if !properties.has(leaf) {
		return
	}
	body := properties.get(leaf)
	target, name := holderOf(mapping, to, true)
	if target == nil || target.has(name) {
		d.found(Blocker, "mapping "+from, "it can't be renamed to "+to+": there is such a field, or a value on the way to it", "choose another name")
		return
	}
	if target == properties {
		properties.rename(leaf, name)
	} else {
		properties.delete(leaf)
		target.set(name, body)
	}
	d.changed("mapping "+from, from, to, "a rule of migration.yaml")
}
