package lab

// dialect.go answers: how do the lab's versions differ in what they are told? Only generators ask.

import (
	"strconv"
	"strings"
)

// dialect is what the data generators need to know of a version.
type dialect struct {
	// major is Elasticsearch's; OpenSearch 1 counts as 7, since it is 7.10 in all that matters here, later ones as 8.
	major      int
	openSearch bool
	// hasJoin: the 8.x lab nodes lack the join field's module.
	hasJoin bool
}

func dialectOf(name string) dialect {
	number, _, _ := strings.Cut(strings.TrimPrefix(name, OpenSearch), ".")
	// find has accepted the name, so that it starts with a number.
	major, _ := strconv.Atoi(number)
	if isOpenSearch(name) {
		major = min(major+6, 8)
	}
	return dialect{major: major, openSearch: isOpenSearch(name), hasJoin: major < 8 || isOpenSearch(name)}
}

// typed versions put documents into types; 7 still accepts types, but nobody who writes to it today names them.
func (d dialect) typed() bool { return d.major < 7 }

// multiTyped versions allow several types in one index.
func (d dialect) multiTyped() bool { return d.major < 6 }

// object is a piece of JSON that is being put together.
type object = map[string]any

// keyword is a field that is matched as a whole.
func (d dialect) keyword() object {
	if d.major < 5 {
		return object{"type": "string", "index": "not_analyzed"}
	}
	return object{"type": "keyword"}
}

// text is a field that is analyzed.
func (d dialect) text() object {
	if d.major < 5 {
		return object{"type": "string"}
	}
	return object{"type": "text"}
}

// mapping wraps the properties of one type as the version wants it.
func (d dialect) mapping(docType string, properties object) object {
	if d.typed() {
		return object{docType: properties}
	}
	return properties
}

// documentPath is the address of one document; parts are already escaped.
func (d dialect) documentPath(index, docType, id string) string {
	if d.typed() {
		return "/" + index + "/" + docType + "/" + id
	}
	return "/" + index + "/_doc/" + id
}
