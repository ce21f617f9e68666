package transform

// traits.go answers: what must be known of a type's mapping to change its documents? Rules fill it. Next: document.go.

import "strings"

// traits are what rules found out for the documents of one type.
type traits struct {
	// sourceName is the type's name at the source when a rule changed it.
	sourceName string
	// targetName is what the type is called from then on.
	targetName string
	// booleans, geoPoints and dates hold the paths of such fields whose values may need another form.
	booleans, geoPoints, dates *paths
	// parentType is set for children; relation and joinField for all members of a family.
	parentType, relation, joinField string
	// typeField holds the type in an index that several types share; prefixIDs makes type#id of ids.
	typeField string
	prefixIDs bool
	// typeMember and joinMember are what is written into typeField, and into joinField of a document without a parent.
	typeMember, joinMember member
	// timestampField and expiryField take the stored metadata.
	timestampField, expiryField string
	// unwrap is the type's name as 1.x allowed around a document.
	unwrap string
	// defaultAnalyzer and defaultSearchAnalyzer are what a type of 1.x said for all its fields.
	defaultAnalyzer, defaultSearchAnalyzer string
}

// paths is a set of field names as a tree, so that a walk over a document finds them without building names.
type paths struct {
	leaf     bool
	children map[string]*paths
	// lengths has a bit for each length of a child's name, so that most names of a document are not looked up.
	lengths uint64
}

func lengthBit(length int) uint64 { return 1 << min(length, 63) }

// mark adds a full path to a set that may not exist yet.
func (traits) mark(set **paths, path string) {
	if *set == nil {
		*set = &paths{}
	}
	at := *set
	for _, step := range strings.Split(path, ".") {
		if at.children == nil {
			at.children = map[string]*paths{}
		}
		at.lengths |= lengthBit(len(step))
		if at.children[step] == nil {
			at.children[step] = &paths{}
		}
		at = at.children[step]
	}
	at.leaf = true
}

// ends says that a field of the set is here.
func (p *paths) ends() bool { return p != nil && p.leaf }

// step goes down by a key; a dotted key goes down several levels.
func (p *paths) step(key []byte, dotted bool) *paths {
	if p == nil || !dotted && p.lengths&lengthBit(len(key)) == 0 {
		return nil
	}
	if next := p.children[string(key)]; next != nil || !dotted {
		return next
	}
	at := p
	for _, part := range strings.Split(string(key), ".") {
		if at = at.children[part]; at == nil {
			return nil
		}
	}
	return at
}
