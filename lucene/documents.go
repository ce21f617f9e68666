// documents.go answers: what is a document, and how is it put together from its stored fields? Stored values of any field:
// storedvalues.go.
//
// Elasticsearch keeps its own fields under fixed names: _source, _id or _uid, _routing, _parent, _timestamp, _ttl. A stored
// document without an id is a nested child (it precedes its root), or a no-op tombstone.

package lucene

import "strings"

// Document is one document. A scan reuses it and its memory: byte slices are valid until the callback returns.
type Document struct {
	DocID   int  // its number within the segment
	Deleted bool // only with ScanOptions.Deleted

	ID         []byte // as the client knows it
	Type       []byte // nil since Elasticsearch 6.0: the index's mapping has it
	Routing    []byte // nil when none was given
	ParentType []byte // of Parent
	Parent     []byte // id of the parent (_parent of Elasticsearch 1.x to 5.x), nil without

	Version     int64 // -1 when unknown
	SeqNo       int64 // -1 before Elasticsearch 6.0
	PrimaryTerm int64 // 0 before Elasticsearch 6.0

	Timestamp    int64 // _timestamp, milliseconds
	HasTimestamp bool
	Expiry       int64 // _ttl: the time the document expires, milliseconds
	HasExpiry    bool

	Source     []byte // as the client sent it; nil when none is kept
	SourceKind SourceKind
	Recovery   bool // Source is the recovery copy, since there is no other
	Rebuilt    bool // Source was put together from stored fields and doc values

	// RecoverySource is the whole original that Elasticsearch 6.5 and later keep for a while where _source is off or
	// filtered; nil when there is none.
	RecoverySource []byte

	raw     []byte // stored fields
	nFields int
	segment *Segment
	st      *storedFields
	idBuf   []byte
	parent  []byte
}

// role is what a field means to a document.
type role uint8

const (
	roleNone role = iota
	roleSource
	roleRecovery
	roleID
	roleUID
	roleRouting
	roleParent
	roleTimestamp
	roleTTL
)

// fieldRoles are the names of the fields a document is made of.
var fieldRoles = map[string]role{
	"_source":          roleSource,
	"_recovery_source": roleRecovery,
	"_id":              roleID,
	"_uid":             roleUID,
	"_routing":         roleRouting,
	"_parent":          roleParent,
	"_timestamp":       roleTimestamp,
	"_ttl":             roleTTL,
}

// assignRoles makes the table from field number to role, no longer than the highest number that has one.
func assignRoles(fi *fieldInfos) []role {
	var roles []role
	for i := range fi.list {
		f := &fi.list[i]
		r := fieldRoles[f.name]
		if r == roleNone {
			continue
		}
		if need := int(f.number) + 1; len(roles) < need {
			roles = append(roles, make([]role, need-len(roles))...)
		}
		roles[f.number] = r
	}
	return roles
}

// reset forgets the document before.
func (d *Document) reset(doc int) {
	*d = Document{DocID: doc, Version: -1, SeqNo: -1, idBuf: d.idBuf, parent: d.parent, segment: d.segment, st: d.st}
}

// parse finds the document's own fields in its stored bytes. b is the whole document, fields their number.
func (d *Document) parse(b []byte, fields int) error {
	d.raw, d.nFields = b, fields
	v := storedCursor{b: b, st: d.st}
	roles := d.segment.roles
	for range fields {
		number, kind := v.head()
		r := roleNone
		if number < uint64(len(roles)) {
			r = roles[number]
		}
		if r == roleNone {
			v.skip(kind)
		} else {
			d.set(r, kind, &v)
		}
		if v.bad {
			return corruptf(d.st.name, -1, "document %d: stored field %d of %d runs over its %d bytes", d.DocID, number, fields, len(b))
		}
	}
	if v.p != len(b) {
		return corruptf(d.st.name, -1, "document %d: %d bytes left behind its %d fields", d.DocID, len(b)-v.p, fields)
	}
	if d.Source == nil {
		d.Source, d.Recovery = d.RecoverySource, d.RecoverySource != nil
	}
	d.SourceKind = DetectSource(d.Source)
	return nil
}

// set takes the value of one of the document's own fields.
func (d *Document) set(r role, kind valueKind, v *storedCursor) {
	if kind > kindBytes {
		n := v.number(kind)
		switch r {
		case roleTimestamp:
			d.Timestamp, d.HasTimestamp = n.Int, true
		case roleTTL:
			d.Expiry, d.HasExpiry = n.Int, true
		}
		return
	}
	val := v.bytes()
	switch r {
	case roleSource:
		d.Source = val
	case roleRecovery:
		d.RecoverySource = val
	case roleID:
		if kind == kindBytes {
			d.idBuf = appendID(d.idBuf[:0], val)
			val = d.idBuf
		}
		d.ID = val
	case roleUID:
		d.Type, d.ID = cutUID(val)
	case roleRouting:
		d.Routing = val
	case roleParent:
		d.ParentType, d.Parent = cutUID(val)
	}
}

// isRoot says whether the document is one of its own, not a nested child.
func (d *Document) isRoot() bool { return d.ID != nil }

// joinParent splits the name of a 5.x join field, which holds a child's parent id as doc values.
func joinParent(field string) (parentType string, ok bool) {
	return strings.CutPrefix(field, "_parent#")
}
