package cluster

// dialect.go answers: how does this version want to be spoken to? One value per version; no other file of this
// package compares version numbers. Next: detect.go.

import "github.com/hikkoshi/hikkoshi/internal/es"

// Dialect is what differs between versions on the wire.
type Dialect struct {
	Version es.Version
	// TypesInURL: documents and mappings are addressed with a type name (up to 6.x; 7.x still allows it).
	TypesInURL bool
	// ManyTypes: one index may hold several types (created before 6.0).
	ManyTypes bool
	// IncludeTypeName: the parameter include_type_name exists and false gives typeless mappings (6.7 to 7.x).
	IncludeTypeName bool
	// TemplatePattern is the key of an index template's patterns: "template" up to 5.x, then "index_patterns".
	TemplatePattern string
	// ComposableTemplates: _index_template and _component_template exist.
	ComposableTemplates bool
	// DataStreams exist.
	DataStreams bool
	// Pipelines: ingest pipelines exist.
	Pipelines bool
	// TotalIsObject: hits.total is {"value":…,"relation":…}, and must be asked for in full.
	TotalIsObject bool
	// ScanSearch: a full read is begun by search_type=scan, whose first page is empty (1.x).
	ScanSearch bool
	// JSONScroll: scroll ids travel in a JSON body, not as plain text.
	JSONScroll bool
	// MetaByField: routing and parent must be asked for as fields (1.x); later they come by themselves.
	MetaByField bool
	// ParentMeta: hits carry _parent.
	ParentMeta bool
	// SliceScroll: a scroll can be cut into slices below a shard.
	SliceScroll bool
	// PITPath is where a point in time is opened below an index, "" where there is none.
	PITPath string
	// SeqNo: hits and bulk answers carry _seq_no and _primary_term.
	SeqNo bool
	// ExternalGTE and Force: which version types a write may carry.
	ExternalGTE, Force bool
	// GzipRequests: a compressed request body is understood; before, the connection is dropped.
	GzipRequests bool
	// HiddenIndices: wildcards leave hidden indices out unless told otherwise.
	HiddenIndices bool
	// PartialSearchResults: a search can be told to fail rather than to leave shards out.
	PartialSearchResults bool
	// ClosedInSnapshot: a snapshot contains closed indices.
	ClosedInSnapshot bool
	// BlockAPI: PUT /index/_block/write exists; blocks by settings exist everywhere.
	BlockAPI bool
}

// DialectFor gives the dialect of a version.
func DialectFor(version es.Version) Dialect {
	opensearch := version.Product == es.OpenSearch
	since := version.AtLeast
	// Typed URLs went with OpenSearch 2 and Elasticsearch 8, which are one generation (rule 5-01, 7-07).
	typeless := version.Lineage() >= 8
	dialect := Dialect{
		Version:              version,
		TypesInURL:           !since(7, 0),
		ManyTypes:            !since(6, 0),
		IncludeTypeName:      since(6, 7) && !typeless,
		TemplatePattern:      "template",
		ComposableTemplates:  since(7, 8),
		DataStreams:          since(7, 9),
		Pipelines:            since(5, 0),
		TotalIsObject:        since(7, 0),
		ScanSearch:           !since(2, 0),
		JSONScroll:           since(2, 0),
		MetaByField:          !since(2, 0),
		ParentMeta:           !since(6, 0),
		SliceScroll:          since(5, 0),
		SeqNo:                since(6, 7),
		ExternalGTE:          true,
		Force:                !since(6, 0),
		GzipRequests:         since(5, 0),
		HiddenIndices:        since(7, 7),
		PartialSearchResults: since(6, 3),
		ClosedInSnapshot:     !opensearch && since(8, 0),
		BlockAPI:             since(7, 9),
	}
	if since(6, 0) {
		dialect.TemplatePattern = "index_patterns"
	}
	switch {
	case opensearch && (version.Major > 2 || version.Major == 2 && version.Minor >= 4):
		dialect.PITPath = "_search/point_in_time"
	case !opensearch && since(7, 10):
		dialect.PITPath = "_pit"
	}
	return dialect
}

// DocumentType is the type name for new documents and mappings: what the source had where types are kept, "_doc" from
// 7.x on, where the name means "no type".
func (d Dialect) DocumentType(source string) string {
	if !d.TypesInURL {
		return "_doc"
	}
	return source
}
