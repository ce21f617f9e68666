package transform

// identity.go answers: is a document found under the same id on both sides?

// KeepsIdentity says that no rule changes a document's id or routing, so that what is written to the target can be found
// on the source, and brought back there.
func (r *DocumentRules) KeepsIdentity() bool {
	if r.hashIDs || len(r.users) > 0 {
		return false
	}
	for _, t := range r.types {
		if t.prefixIDs || t.joinField != "" || t.typeField != "" {
			return false
		}
	}
	return r.only == nil || !r.only.prefixIDs && r.only.joinField == "" && r.only.typeField == ""
}
