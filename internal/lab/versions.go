package lab

// versions.go answers: which versions can the lab start, and what does each need? Next: fetch.go.

import (
	"slices"
	"strings"
)

// OpenSearch is the prefix of the lab's names for OpenSearch versions, as in "os2.19.3".
const OpenSearch = "os"

// version is one row of the table: everything that differs between two servers.
type version struct {
	name string
	// roots are the Maven coordinates whose transitive runtime dependencies make the class path; lab.lock holds
	// what they came to.
	roots []string
	// plugins are classes handed to the node's constructor.
	plugins []string
	// java bounds the JDK's major version; maxJava 0 means no upper bound.
	minJava, maxJava int
	// settings the server needs to run alone on loopback.
	settings map[string]string
	// modular servers (8.x) refuse to run from the class path.
	modular bool
	// patchJvmInfo marks 1.x, which asks the JVM for a boot class path that no JVM has had since Java 9.
	patchJvmInfo bool
	// withoutManifest names the artifact whose manifest asks for another server version.
	withoutManifest string
	// abstractNode marks the servers whose Node must be subclassed.
	abstractNode bool
	// unnamedShapes marks the servers that have the mapper of geo_shape, and whose module that names it is not published.
	// 8.19 has no mapper any more: it lies in that module.
	unnamedShapes bool
	// log4j2 marks servers that log through log4j 2 and want a configuration.
	log4j2 bool
}

const (
	es  = "org.elasticsearch:elasticsearch:"
	esp = "org.elasticsearch.plugin:"
	osp = "org.opensearch.plugin:"
	// spatial4j and jts are what a server needs on its class path to know geo_shape; every distribution has them.
	spatial4j = "org.locationtech.spatial4j:spatial4j:"
	jts       = "org.locationtech.jts:jts-core:1.15.0"
)

// A single node need not search for others. 1.x and 2.x call that local discovery; from 5.5 on it is "single-node".
var (
	alone1 = map[string]string{"discovery.type": "local", "transport.tcp.port": "0", "discovery.zen.ping.multicast.enabled": "false", "script.disable_dynamic": "true"}
	alone2 = map[string]string{"discovery.type": "local", "transport.tcp.port": "0"}
	alone5 = map[string]string{"discovery.type": "single-node", "transport.type": "netty4", "http.type": "netty4", "transport.tcp.port": "0"}
	alone8 = map[string]string{"discovery.type": "single-node", "transport.port": "0"}
)

// table lists the versions from old to new; fetch_test.go holds that lab.lock knows each.
var table = []version{
	{name: "1.7.6", roots: []string{es + "1.7.6"}, minJava: 11, maxJava: 23, settings: alone1, patchJvmInfo: true},
	{name: "2.3.2", roots: []string{es + "2.3.2", "org.elasticsearch.module:reindex:2.3.2", "net.java.dev.jna:jna:4.1.0"},
		plugins: []string{"org.elasticsearch.index.reindex.ReindexPlugin"}, minJava: 11, maxJava: 23, settings: alone2},
	// Maven Central has no reindex module 2.4.6; the 2.4.5 one fits but for its manifest. cloud-aws wants the JAXB that Java 11 dropped.
	{name: "2.4.6", roots: []string{es + "2.4.6", "org.elasticsearch.module:reindex:2.4.5", "net.java.dev.jna:jna:4.1.0",
		esp + "cloud-aws:2.4.6", "javax.xml.bind:jaxb-api:2.3.1"},
		plugins: []string{"org.elasticsearch.index.reindex.ReindexPlugin", "org.elasticsearch.plugin.cloud.aws.CloudAwsPlugin"},
		minJava: 11, maxJava: 23, settings: alone2, withoutManifest: "reindex"},
	{name: "5.5.2", roots: []string{es + "5.5.2", esp + "transport-netty4-client:5.5.2", esp + "reindex-client:5.5.2", esp + "percolator-client:5.5.2",
		spatial4j + "0.6", "com.vividsolutions:jts:1.13",
		"org.apache.logging.log4j:log4j-api:2.8.2", "org.apache.logging.log4j:log4j-core:2.8.2"},
		plugins: []string{"org.elasticsearch.transport.Netty4Plugin", "org.elasticsearch.index.reindex.ReindexPlugin", "org.elasticsearch.percolator.PercolatorPlugin"},
		minJava: 11, maxJava: 23, settings: alone5, log4j2: true},
	{name: "6.8.23", roots: []string{es + "6.8.23", esp + "transport-netty4-client:6.8.23", esp + "reindex-client:6.8.23",
		esp + "parent-join-client:6.8.23", esp + "percolator-client:6.8.23", spatial4j + "0.7", jts, "org.apache.logging.log4j:log4j-core:2.17.1"},
		plugins: []string{"org.elasticsearch.transport.Netty4Plugin", "org.elasticsearch.index.reindex.ReindexPlugin", "org.elasticsearch.join.ParentJoinPlugin", "org.elasticsearch.percolator.PercolatorPlugin"},
		minJava: 11, maxJava: 23, settings: alone5, log4j2: true, abstractNode: true},
	// log4j-core must be of log4j-api's own version here, else LoggerContextShutdownAware is missing.
	{name: "7.10.2", roots: []string{es + "7.10.2", esp + "transport-netty4-client:7.10.2", esp + "reindex-client:7.10.2",
		esp + "parent-join-client:7.10.2", esp + "percolator-client:7.10.2", esp + "mapper-extras-client:7.10.2", spatial4j + "0.7", jts,
		"org.apache.logging.log4j:log4j-core:2.11.1"},
		plugins: []string{"org.elasticsearch.transport.Netty4Plugin", "org.elasticsearch.index.reindex.ReindexPlugin", "org.elasticsearch.join.ParentJoinPlugin",
			"org.elasticsearch.percolator.PercolatorPlugin", "org.elasticsearch.index.mapper.MapperExtrasPlugin", shapesPlugin},
		minJava: 11, maxJava: 23, settings: alone5, log4j2: true, unnamedShapes: true},
	{name: "7.17.29", roots: []string{es + "7.17.29", esp + "transport-netty4-client:7.17.29", esp + "reindex-client:7.17.29",
		esp + "parent-join-client:7.17.29", esp + "percolator-client:7.17.29", esp + "mapper-extras-client:7.17.29", spatial4j + "0.7", jts,
		"org.apache.logging.log4j:log4j-core:2.17.1"},
		plugins: []string{"org.elasticsearch.transport.Netty4Plugin", "org.elasticsearch.reindex.ReindexPlugin", "org.elasticsearch.join.ParentJoinPlugin",
			"org.elasticsearch.percolator.PercolatorPlugin", "org.elasticsearch.index.mapper.MapperExtrasPlugin", shapesPlugin},
		minJava: 17, maxJava: 23, settings: alone5, log4j2: true, unnamedShapes: true},
	{name: "8.15.5", roots: []string{es + "8.15.5", esp + "transport-netty4:8.15.5", "org.apache.logging.log4j:log4j-core:2.19.0"},
		minJava: 17, maxJava: 23, settings: alone8, modular: true, log4j2: true, unnamedShapes: true},
	{name: "8.19.0", roots: []string{es + "8.19.0", esp + "transport-netty4:8.19.0", "org.apache.logging.log4j:log4j-core:2.19.0"},
		minJava: 17, maxJava: 23, settings: alone8, modular: true, log4j2: true},
	{name: "os1.3.20", roots: []string{"org.opensearch:opensearch:1.3.20", osp + "transport-netty4-client:1.3.20", osp + "reindex-client:1.3.20",
		osp + "parent-join-client:1.3.20", osp + "percolator-client:1.3.20", osp + "mapper-extras-client:1.3.20", spatial4j + "0.7", jts,
		"org.apache.logging.log4j:log4j-core:2.17.1"},
		plugins: []string{"org.opensearch.transport.Netty4Plugin", "org.opensearch.index.reindex.ReindexPlugin", "org.opensearch.join.ParentJoinPlugin",
			"org.opensearch.percolator.PercolatorPlugin", "org.opensearch.index.mapper.MapperExtrasPlugin", shapesPlugin},
		minJava: 11, maxJava: 23, settings: alone5, log4j2: true, unnamedShapes: true},
	{name: "os2.19.3", roots: []string{"org.opensearch:opensearch:2.19.3", osp + "transport-netty4-client:2.19.3", osp + "reindex-client:2.19.3",
		osp + "parent-join-client:2.19.3", osp + "percolator-client:2.19.3", osp + "mapper-extras-client:2.19.3", spatial4j + "0.7", jts,
		"org.apache.logging.log4j:log4j-core:2.21.0"},
		plugins: []string{"org.opensearch.transport.Netty4Plugin", "org.opensearch.index.reindex.ReindexPlugin", "org.opensearch.join.ParentJoinPlugin",
			"org.opensearch.percolator.PercolatorPlugin", "org.opensearch.index.mapper.MapperExtrasPlugin", shapesPlugin},
		minJava: 17, maxJava: 23, settings: alone8, log4j2: true, unnamedShapes: true},
	{name: "os3.3.0", roots: []string{"org.opensearch:opensearch:3.3.0", osp + "transport-netty4-client:3.3.0", osp + "reindex-client:3.3.0",
		osp + "parent-join-client:3.3.0", osp + "percolator-client:3.3.0", osp + "mapper-extras-client:3.3.0", spatial4j + "0.7", jts,
		"org.apache.logging.log4j:log4j-core:2.21.0"},
		plugins: []string{"org.opensearch.transport.Netty4ModulePlugin", "org.opensearch.index.reindex.ReindexModulePlugin", "org.opensearch.join.ParentJoinModulePlugin",
			"org.opensearch.percolator.PercolatorModulePlugin", "org.opensearch.index.mapper.MapperExtrasModulePlugin", shapesPlugin},
		minJava: 21, settings: alone8, log4j2: true, unnamedShapes: true},
}

// Versions lists what Start accepts, old to new; OpenSearch versions carry the prefix "os".
func Versions() []string {
	names := make([]string, 0, len(table))
	for _, v := range table {
		names = append(names, v.name)
	}
	return names
}

func find(name string) (version, error) {
	i := slices.IndexFunc(table, func(v version) bool { return v.name == name })
	if i < 0 {
		return version{}, &Error{Kind: ErrUnknownVersion, What: "the lab has no version " + name,
			Hint: "choose one of " + strings.Join(Versions(), ", ")}
	}
	return table[i], nil
}

// isOpenSearch says whether a lab version is OpenSearch.
func isOpenSearch(name string) bool { return strings.HasPrefix(name, OpenSearch) }
