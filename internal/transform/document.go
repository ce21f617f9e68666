package transform

// document.go answers: what becomes of one document? Its id, type, parent and routing here; its source in json_edit.go.
// A person's own rules are in document_user.go.

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// Action says what became of a document.
type Action int

// The outcomes. Keep leaves the document as it was in every part; with LeaveOut it is not meant for the target.
const (
	Keep Action = iota
	Changed
	Quarantine
	LeaveOut
)

// ErrLeftOut says that a rule of migration.yaml leaves a document out.
var ErrLeftOut = errors.New("left out, as migration.yaml says")

// String names the outcome for reports.
func (a Action) String() string {
	return [...]string{Keep: "keep", Changed: "changed", Quarantine: "quarantine", LeaveOut: "leave out"}[a]
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
	keep       *expression
	passes     []*pass
	expression *expression
	split      string
}

// Scratch is memory that Apply works in. Its zero value is ready; it is for one caller at a time.
type Scratch struct {
	editor    editor
	additions []member
	// written are sources that changed: each is made of what lies in the other.
	written [2][]byte
	last    int
	machine machine
}

// scratchKept is how much memory a scratch keeps after a huge document.
const scratchKept = 4 << 20

// next gives the memory in which the source does not lie.
func (s *Scratch) next() []byte {
	s.last = 1 - s.last
	if cap(s.written[s.last]) > scratchKept {
		s.written[s.last] = nil
	}
	return s.written[s.last][:0]
}

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
func (d *draft) documentRules(t *targetIndex) (r *DocumentRules, err error) {
	r = &DocumentRules{types: map[string]*traits{}, index: t.name, typeless: d.target.AtLeast(7, 0),
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
		traits.typeMember, traits.joinMember = newMember(traits.typeField, text(traits.sourceName)), newMember(traits.joinField, text(traits.relation))
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
		if !rule.Matches(d.in.Name) {
			continue
		}
		user := userDocument{passes: passes(rule.changes()), split: rule.Split}
		if user.keep, err = compileExpression(rule.Keep); err != nil {
			return nil, fmt.Errorf("keep %q: %w", rule.Keep, err)
		}
		if user.expression, err = compileExpression(rule.Expr); err != nil {
			return nil, fmt.Errorf("expr %q: %w", rule.Expr, err)
		}
		if len(user.passes) > 0 || rule.Split != "" || user.keep != nil || user.expression != nil {
			r.users, needed = append(r.users, user), true
		}
	}
	if !needed {
		return nil, nil
	}
	return r, nil
}

// Apply changes one document in place. A source that changes lies in the scratch until the next call; without a scratch it
// is the caller's. With Quarantine and LeaveOut the document is as it came.
func (r *DocumentRules) Apply(scratch *Scratch, doc *es.Document) (Action, string, error) {
	if scratch == nil {
		scratch = &Scratch{}
	}
	original := *doc
	t := r.types[doc.Type]
	if t == nil {
		t = r.only
	}
	action, reason, err := r.apply(scratch, doc, t)
	if err != nil || action >= Quarantine {
		*doc = original
	}
	return action, reason, err
}

func (r *DocumentRules) apply(scratch *Scratch, doc *es.Document, t *traits) (Action, string, error) {
	action, original := Keep, *doc
	additions := scratch.additions[:0]
	if t.targetName != t.sourceName && doc.Type == t.sourceName {
		doc.Type, action = t.targetName, Changed
	}
	id := doc.ID
	prefix := prefixOf(t.prefixIDs, t.sourceName)
	now, fits := r.newID(prefix, id)
	if !fits {
		return Quarantine, fmt.Sprintf("its id has %d bytes, and the target takes %d", len(now), r.maxID), nil
	}
	if doc.ID = now; r.maxID > 0 && len(prefix)+len(id) > r.maxID {
		additions = append(additions, newMember(r.longIDField, text(id)))
	}
	if t.typeField != "" {
		additions = append(additions, t.typeMember)
		doc.Type = joinedType
	}
	if t.joinField != "" {
		join, err := r.kinship(doc, t, id)
		if err != "" {
			return Quarantine, err, nil
		}
		additions = append(additions, join)
	}
	if r.typeless {
		doc.Type = ""
	}
	if t.timestampField != "" && doc.HasTimestamp {
		additions = append(additions, newMember(t.timestampField, literal(strconv.FormatInt(doc.Timestamp, 10))))
	}
	if t.expiryField != "" && doc.HasExpiry {
		additions = append(additions, newMember(t.expiryField, literal(strconv.FormatInt(doc.Expiry, 10))))
	}
	if doc.ID != id || len(additions) > 0 {
		action = Changed
	}
	scratch.additions = additions
	if doc.Source == nil {
		return action, "", nil
	}
	changed, begun, err := r.begin(scratch, doc, t, additions)
	if err != nil {
		return unreadable(err)
	}
	if changed {
		action = Changed
	}
	for i := range r.users {
		userAction, reason, err := r.user(scratch, &r.users[i], doc, &original, begun && i == 0)
		if err != nil || userAction >= Quarantine {
			return userAction, reason, err
		}
		action = max(action, userAction)
	}
	return action, "", nil
}

// begin makes the walk that the rules of versions need. What a person's rules begin with goes along on it, be it a pass or an
// expression; begun says that it did: it does not when rules changed something, since it is about what they make of it.
func (r *DocumentRules) begin(scratch *Scratch, doc *es.Document, t *traits, additions []member) (changed, begun bool, err error) {
	var p *pass
	var x *expression
	if len(r.users) > 0 && r.users[0].keep == nil {
		if x = r.users[0].expression; len(r.users[0].passes) > 0 {
			p, x = r.users[0].passes[0], nil
		}
	}
	if x != nil {
		err = scratch.look(doc, &r.edit, t, additions, x)
	} else {
		scratch.editor.begin(doc.Source, &r.edit, t, additions, p)
		err = scratch.editor.walk()
	}
	if err != nil {
		return false, false, err
	}
	if begun = !scratch.editor.ruled(); x == nil || !begun {
		changed, err = scratch.write(doc)
	}
	return changed, begun, err
}

// rewrite changes a source by a walk that is made for a pass alone.
func (s *Scratch) rewrite(doc *es.Document, p *pass) (changed bool, err error) {
	s.editor.begin(doc.Source, &noRules, &noTraits, nil, p)
	if err := s.editor.walk(); err != nil {
		return false, err
	}
	return s.write(doc)
}

// write puts what the editor's walk came to into the document.
func (s *Scratch) write(doc *es.Document) (changed bool, err error) {
	out, changed, err := s.editor.write(s.next())
	s.written[s.last] = out[:0]
	if changed {
		doc.Source = out
	} else {
		s.last = 1 - s.last
	}
	return changed, err
}

// unreadable says why a source that a walk ended in is set aside.
func unreadable(err error) (Action, string, error) {
	if refused := refusal(""); errors.As(err, &refused) {
		return Quarantine, string(refused), nil
	}
	return Quarantine, "its source can't be read: " + err.Error(), nil
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
func (r *DocumentRules) kinship(doc *es.Document, t *traits, id string) (join member, refused string) {
	if t.parentType == "" {
		if doc.ID != id && doc.Routing == "" {
			doc.Routing = id // the children's routing is the id as it was
		}
		return t.joinMember, ""
	}
	parent, routing := doc.Parent, doc.Routing
	if parent == "" {
		return join, "it is a child without a parent's id"
	}
	if routing == "" {
		routing = parent
	}
	parent, fits := r.newID(prefixOf(t.prefixIDs, t.parentType), parent)
	if !fits {
		return join, "its parent's id is longer than the target takes"
	}
	doc.Routing, doc.Parent = routing, ""
	join = t.joinMember
	join.raw = `{"name":` + join.raw + `,"parent":` + string(text(parent)) + `}`
	return join, ""
}
