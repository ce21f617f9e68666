package cluster

// dialect.go answers: how does this version want to be spoken to? One value per version; no other file of this
// package compares version numbers. Next: detect.go.

import "github.com/hikkoshi/hikkoshi/internal/es"

// Dialect is what differs between versions on the wire.
type Dialect struct {
	Version es.Version
	// TypesInURL: documents and mappings are addressed with a type name (up to 6.x; 7.x still allows it). One index may hold
	// several, with the same id in each: 6.x makes none such, but keeps those that it restored from 5.x.
	TypesInURL bool
	// TemplatePattern is the key of an index template's patterns: "template" up to 5.x, then "index_patterns".
	TemplatePattern string
	// ComposableTemplates: _index_template and _component_template exist.
	ComposableTemplates bool
	// ResetByNull: null puts a setting of an index back to its default; before, null is ignored in silence.
	ResetByNull bool
	// FloodStage: a node whose disk is nearly full blocks writes to its indices; FloodPasses: it lifts the block by itself
	// once there is room.
	FloodStage, FloodPasses bool
	// Pipelines: ingest pipelines exist.
	Pipelines bool
	// LifecyclePath is where ILM policies are, StatePath where ISM's, DataStreamPath where data streams, ProcessorPath where
	// the nodes tell their ingest processors; empty where the version has none.
	LifecyclePath, StatePath, DataStreamPath, ProcessorPath string
	// ScriptsIndex: stored scripts are documents of an index (before 5.0). ScriptText is the key of a stored script's text.
	ScriptsIndex bool
	ScriptText   string
	// PipelineNone: a bulk can ask that no default pipeline runs over its documents.
	PipelineNone bool
	// FinalPipeline: an index may have a pipeline that no request can leave out.
	FinalPipeline bool
	// TotalIsObject: hits.total is {"value":…,"relation":…}, and must be asked for in full.
	TotalIsObject bool
	// ScanSearch: a full read is begun by search_type=scan, whose first page is empty (1.x).
	ScanSearch bool
	// JSONScroll: scroll ids travel in a JSON body, not as plain text.
	JSONScroll bool
	// MetaByField: routing and parent must be asked for as fields (1.x); later they come by themselves.
	MetaByField bool
	// ParentMeta: documents may have _parent, _timestamp and _ttl beside their source (indices made before 6.0, which 6.x
	// may have restored).
	ParentMeta bool
	// SliceScroll: a scroll can be cut into slices below a shard.
	SliceScroll bool
	// PathRepo: nodes take fs repositories only below the folders of their setting path.repo.
	PathRepo bool
	// PointInTime is the call that opens a frozen view for searches, where the version may have one.
	PointInTime string
	// SeqNo: hits and bulk answers carry _seq_no and _primary_term.
	SeqNo bool
	// GzipRequests: a compressed request body is understood; before, the connection is dropped.
	GzipRequests bool
	// MergeCall makes few segments of many: "_optimize" before 2.1.
	MergeCall string
	// FilterBulk: the answer to _bulk can be cut down to each item's status and error.
	FilterBulk bool
	// HiddenIndices: wildcards leave hidden indices out unless told otherwise.
	HiddenIndices bool
	// PartialSearchResults: a search can be told to fail rather than to leave shards out.
	PartialSearchResults bool
	// ClosedInSnapshot: a snapshot of everything contains closed indices. ClosedByName: one that names them may.
	ClosedInSnapshot, ClosedByName bool
}

// DialectFor gives the dialect of a version.
func DialectFor(version es.Version) Dialect {
	opensearch := version.Product == es.OpenSearch
	since := version.AtLeast
	dialect := Dialect{
		Version:              version,
		TypesInURL:           !since(7, 0),
		TemplatePattern:      "template",
		ComposableTemplates:  since(7, 8),
		ResetByNull:          since(5, 0),
		FloodStage:           since(6, 0),
		FloodPasses:          since(7, 4),
		Pipelines:            since(5, 0),
		ScriptsIndex:         !since(5, 0),
		ScriptText:           "code",
		PipelineNone:         since(6, 5),
		FinalPipeline:        since(7, 5),
		TotalIsObject:        since(7, 0),
		ScanSearch:           !since(2, 0),
		JSONScroll:           since(2, 0),
		MetaByField:          !since(2, 0),
		ParentMeta:           !since(7, 0),
		PathRepo:             since(1, 6),
		SliceScroll:          since(5, 0),
		SeqNo:                since(6, 7),
		GzipRequests:         since(5, 0),
		FilterBulk:           since(2, 0),
		MergeCall:            "_optimize",
		HiddenIndices:        since(7, 7),
		PartialSearchResults: since(6, 3),
		ClosedInSnapshot:     !opensearch && since(8, 0),
		ClosedByName:         since(7, 2),
	}
	switch {
	case opensearch && es.Compare(version, es.Version{Product: es.OpenSearch, Major: 2, Minor: 4}) >= 0:
		dialect.PointInTime = "_search/point_in_time"
	case !opensearch && since(7, 10):
		dialect.PointInTime = "_pit"
	}
	if dialect.Pipelines {
		dialect.ProcessorPath = "/_nodes/ingest"
	}
	switch {
	case opensearch:
		dialect.StatePath = "/_plugins/_ism/policies"
	case since(6, 6):
		dialect.LifecyclePath = "/_ilm/policy"
	}
	if !opensearch && since(6, 5) && !since(7, 11) {
		dialect.StatePath = "/_opendistro/_ism/policies" // the distribution that AWS runs
	}
	if since(7, 9) {
		dialect.DataStreamPath = "/_data_stream"
	}
	if since(2, 1) {
		dialect.MergeCall = "_forcemerge"
	}
	if since(5, 6) {
		dialect.ScriptText = "source"
	}
	if since(6, 0) {
		dialect.TemplatePattern = "index_patterns"
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
