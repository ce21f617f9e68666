package transform

// document.go answers: what becomes of one document? Its id, type, parent and routing here; its source in json_edit.go.
// A person's own rules are in document_user.go.

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/expr-lang/expr/vm"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// Action says what became of a document.
type Action int

// The three outcomes. Keep leaves the document as it was in every part.
const (
	Keep Action = iota
	Changed
	Quarantine
)

// String names the outcome for reports.
func (a Action) String() string {
	return [...]string{Keep: "keep", Changed: "changed", Quarantine: "quarantine"}[a]
}

// DocumentRules change the documents that go to one index. Safe for concurrent use: nothing in them changes.
type DocumentRules struct {
	types map[string]*traits
	only  *traits
	index string
	edit  editRules
	// maxID is the longest id that the target takes, in bytes; 0 where it takes any.
	maxID       int
	hashIDs     bool
	longIDField string
	users       []userDocument
	typeless    bool
}

// userDocument is a person's rule, compiled.
type userDocument struct {
	rule    UserRule
	program *vm.Program
	sets    []member
}

type member struct{ path, raw string }

// longestID is what servers since 5.0 take, in bytes; one longer fails its whole request.
const longestID = 512

func es5Documents() Rule {
	return Rule{Name: "es5_documents", Rows: []string{"1-05", "1-08", "1-21", "1-30", "2-18", "2-25", "2-43", "7-09"}, Since: elasticsearch(2, 0), Why: "ids over 512 bytes, names without quotes and blank names are refused since 5.0", index: func(d *draft) error {
		if !d.source.AtLeast(5, 0) && d.target.AtLeast(5, 0) && !d.template && d.choices.LongIDs != longIDsHash {
			d.found(Info, "documents", "an id longer than 512 bytes is refused since 5.0; such documents go into quarantine", "choose long_ids: hash to keep them under a hashed id with the old one in a field")
		}
		return nil
	}}
}

func es6Documents() Rule {
	return Rule{Name: "es6_documents", Rows: []string{"3-05", "3-06", "3-07", "3-08"}, Since: elasticsearch(6, 0), Why: "6.0 refuses keys that come twice, booleans of other forms, and fractions beyond what a double holds", index: func(d *draft) error {
		if !d.source.AtLeast(6, 0) && !d.template {
			d.found(Info, "documents", "of a key that comes twice the last is kept (the source indexed both); a number beyond a double's range becomes null", "")
		}
		return nil
	}}
}

// documentRules puts together what the documents of one target index need; nil when nothing can need a change.
func (d *draft) documentRules(t *targetIndex) (*DocumentRules, error) {
	r := &DocumentRules{types: map[string]*traits{}, index: t.name, typeless: d.target.AtLeast(7, 0),
		edit:    editRules{target: d.target, choices: d.choices, booleans: booleansAs(d.source, d.target), duplicates: !d.source.AtLeast(6, 0) && d.target.AtLeast(6, 0), nonFinite: !d.source.AtLeast(6, 0) && d.target.AtLeast(6, 0)},
		hashIDs: d.choices.LongIDs == longIDsHash, longIDField: d.choices.longIDField()}
	needed := r.edit.duplicates
	r.edit.names = es.Compare(d.source, d.target) != 0 && (d.target.Lineage() != d.source.Lineage() && (!d.source.AtLeast(5, 0) || d.target.AtLeast(8, 0) || !d.source.AtLeast(6, 0)))
	r.edit.unquoted = !d.source.AtLeast(5, 0) && d.target.AtLeast(5, 0)
	if !d.source.AtLeast(5, 0) && d.target.AtLeast(5, 0) {
		r.maxID, needed = longestID, true
	}
	needed = needed || r.edit.names || r.edit.unquoted
	for _, docType := range t.types {
		traits := docType.traits
		traits.sourceName, traits.targetName = docType.sourceName(), docType.name
		if traits.booleans != nil && r.edit.booleans == booleansAsTheyAre {
			traits.booleans = nil
		}
		needed = needed || traits.sourceName != traits.targetName || traits.booleans != nil || traits.geoPoints != nil || traits.dates != nil || traits.joinField != "" || traits.typeField != "" || traits.timestampField != "" || traits.expiryField != "" || traits.unwrap != ""
		stored := traits
		r.types[traits.sourceName] = &stored
		r.only = &stored
	}
	if len(t.types) != 1 {
		r.only = &traits{}
	}
	for _, rule := range d.choices.Rules {
		if !rule.matches(d.in.Name) {
			continue
		}
		user := userDocument{rule: rule}
		for _, name := range sortedKeys(rule.Set) {
			user.sets = append(user.sets, member{sjsonPath(name), rule.Set[name]})
		}
		if rule.Expr != "" {
			program, err := compileExpression(rule.Expr)
			if err != nil {
				return nil, fmt.Errorf("expr %q: %w", rule.Expr, err)
			}
			user.program = program
		}
		if len(rule.Rename)+len(rule.Drop)+len(rule.Set) > 0 || rule.Split != "" || rule.Expr != "" {
			r.users, needed = append(r.users, user), true
		}
	}
	if !needed {
		return nil, nil
	}
	return r, nil
}

// Apply changes one document in place. A source that changes is written behind dst, and doc.Source then lies there, so
// that dst may be used again once the document has been sent. With Quarantine the document is as it came.
func (r *DocumentRules) Apply(dst []byte, doc *es.Document) (Action, string, error) {
	original := *doc
	t := r.types[doc.Type]
	if t == nil {
		t = r.only
	}
	action, reason, err := r.apply(dst, doc, t)
	if err != nil || action == Quarantine {
		*doc = original
	}
	return action, reason, err
}

func (r *DocumentRules) apply(dst []byte, doc *es.Document, t *traits) (Action, string, error) {
	action := Keep
	var additions []member
	add := func(name string, v literal) { additions = append(additions, member{name, string(v)}) }
	if t.targetName != t.sourceName && doc.Type == t.sourceName {
		doc.Type, action = t.targetName, Changed
	}
	id := doc.ID
	prefix := ""
	if t.prefixIDs {
		prefix = t.sourceName + "#"
	}
	now, fits := r.newID(prefix, id)
	if !fits {
		return Quarantine, fmt.Sprintf("its id has %d bytes, and the target takes %d", len(now), r.maxID), nil
	}
	if doc.ID = now; r.maxID > 0 && len(prefix)+len(id) > r.maxID {
		add(r.longIDField, text(id))
	}
	if t.typeField != "" {
		add(t.typeField, text(t.sourceName))
		doc.Type = joinedType
	}
	if t.joinField != "" {
		v, err := r.kinship(doc, t, id)
		if err != "" {
			return Quarantine, err, nil
		}
		add(t.joinField, v)
	}
	if r.typeless {
		doc.Type = ""
	}
	if t.timestampField != "" && doc.HasTimestamp {
		add(t.timestampField, literal(strconv.FormatInt(doc.Timestamp, 10)))
	}
	if t.expiryField != "" && doc.HasExpiry {
		add(t.expiryField, literal(strconv.FormatInt(doc.Expiry, 10)))
	}
	if doc.ID != id || len(additions) > 0 {
		action = Changed
	}
	if doc.Source == nil {
		return action, "", nil
	}
	e := editor{rules: &r.edit, source: doc.Source, traits: t}
	out, changed, err := e.rewrite(dst, additions)
	if err != nil {
		if refused := refusal(""); errors.As(err, &refused) {
			return Quarantine, string(refused), nil
		}
		return Quarantine, "its source can't be read: " + err.Error(), nil
	}
	if changed {
		doc.Source = json.RawMessage(out[len(dst):])
		action = Changed
	}
	for i := range r.users {
		userAction, reason, err := r.user(&r.users[i], doc)
		if err != nil || userAction == Quarantine {
			return userAction, reason, err
		}
		action = max(action, userAction)
	}
	return action, "", nil
}

// newID gives the id on the target; a hash where it would be too long and hashes are chosen.
func (r *DocumentRules) newID(prefix, id string) (now string, fits bool) {
	now = prefix + id
	if r.maxID == 0 || len(now) <= r.maxID {
		return now, true
	}
	if !r.hashIDs {
		return now, false
	}
	sum := sha256.Sum256([]byte(now))
	return base64.RawURLEncoding.EncodeToString(sum[:]), true
}

// kinship gives the join field's value, and sets the routing that keeps a family on one shard.
func (r *DocumentRules) kinship(doc *es.Document, t *traits, id string) (literal, string) {
	if t.parentType == "" {
		if doc.ID != id && doc.Routing == "" {
			doc.Routing = id // the children's routing is the id as it was
		}
		return text(t.relation), ""
	}
	parent, routing := doc.Parent, doc.Routing
	if parent == "" {
		return "", "it is a child without a parent's id"
	}
	if routing == "" {
		routing = parent
	}
	prefix := ""
	if t.prefixIDs {
		prefix = t.parentType + "#"
	}
	parent, fits := r.newID(prefix, parent)
	if !fits {
		return "", "its parent's id is longer than the target takes"
	}
	doc.Routing, doc.Parent = routing, ""
	return literal(write(newObject("name", text(t.relation), "parent", text(parent)))), ""
}
