package lab

// home.go answers: what does one node find in its own folder before it starts? Everything it needs besides jars:
// configuration, modules, the launcher's properties. The folder is temporary and goes with the node.

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

const (
	homePrefix = "hikkoshi-lab-"
	log4j2File = "log4j2.properties"
	log4j2Text = `appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
`
	launchFile = "launch.properties"
)

// layHome fills the folder and gives the JVM's arguments.
func layHome(home, cache string, v version, j jdk, jars []jar, classPath []string, shared archive, options Options, port int) ([]string, error) {
	for _, folder := range []string{"config", "modules", "plugins", "logs", "lib", "tmp"} {
		if err := os.MkdirAll(filepath.Join(home, folder), 0o700); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(filepath.Join(home, "config", log4j2File), []byte(log4j2Text), 0o600); err != nil {
		return nil, err
	}
	properties := map[string]string{"home": home, "watch": fmt.Sprint(!options.Detached), "plugins": strings.Join(v.plugins, ",")}
	for name, value := range nodeSettings(home, v, options, port) {
		properties["set."+name] = value
	}
	if err := os.WriteFile(filepath.Join(home, launchFile), formatProperties(properties), 0o600); err != nil {
		return nil, err
	}
	arguments := append(jvmFlags(home, v, j, options), shared.flags()...)
	if v.modular {
		modulePath, err := layModules(home, cache, jars)
		if err != nil {
			return nil, err
		}
		if v.unnamedShapes {
			last := len(classPath) - 1
			if err := layModule(home, "lab-shapes", serverVersion(jars), "classname="+shapesPlugin, classPath[last]); err != nil {
				return nil, err
			}
			classPath = classPath[:last] // a class may not be in two places
		}
		arguments = append(arguments, "-Des.nativelibs.path="+filepath.Join(home, "lib"), "-Djna.library.path="+filepath.Join(home, "lib"),
			"-Djava.library.path="+filepath.Join(home, "lib"),
			"--module-path", strings.Join(modulePath, string(os.PathListSeparator)), "--add-modules=ALL-MODULE-PATH,jdk.net",
			"--add-opens=org.elasticsearch.server/org.elasticsearch.node=ALL-UNNAMED")
	}
	return append(arguments, "-cp", strings.Join(classPath, string(os.PathListSeparator)), "Launcher", filepath.Join(home, launchFile)), nil
}

// nodeSettings merges what the lab needs, what the version needs, and what the caller wants; the caller wins.
func nodeSettings(home string, v version, options Options, port int) map[string]string {
	data := options.DataDir
	if data == "" {
		data = filepath.Join(home, "data")
	}
	settings := map[string]string{
		"path.home": home, "path.data": data, "path.logs": filepath.Join(home, "logs"),
		"cluster.name": options.ClusterName, "node.name": filepath.Base(home),
		"network.host": "127.0.0.1", "http.port": fmt.Sprint(port),
		"cluster.routing.allocation.disk.threshold_enabled": "false",
	}
	const lastNamed = 2
	if dialectOf(v.name).major <= lastNamed {
		// The start script of old servers copies node.name to name; without it 2.x has no name.
		settings["name"] = settings["node.name"]
	}
	if len(options.RepoDirs) > 0 {
		settings["path.repo"] = strings.Join(options.RepoDirs, ",")
	}
	for name, value := range v.settings {
		settings[name] = value
	}
	for name, value := range options.Settings {
		settings[name] = value
	}
	return settings
}

func jvmFlags(home string, v version, j jdk, options Options) []string {
	// C1 alone and the serial collector start fastest and leave the cores to what is being tested.
	flags := []string{"-Xmx" + options.Heap, "-Xms256m", "-XX:+UseSerialGC"}
	if !options.Seasoned {
		flags = append(flags, "-XX:TieredStopAtLevel=1")
	}
	flags = append(flags, "-Djava.awt.headless=true", "-Dfile.encoding=UTF-8", "-Djava.io.tmpdir="+filepath.Join(home, "tmp"), "-XX:-UsePerfData")
	for _, name := range []string{"java.lang", "java.nio", "sun.nio.ch", "java.util", "java.security"} {
		flags = append(flags, "--add-opens", "java.base/"+name+"=ALL-UNNAMED")
	}
	if v.log4j2 {
		// The property lost its 2 in log4j 2.10; 5.x still reads the old name.
		file := filepath.Join(home, "config", log4j2File)
		flags = append(flags, "-Dlog4j2.configurationFile="+file, "-Dlog4j.configurationFile="+file, "-Dlog4j2.disable.jmx=true", "-Dlog4j2.disableJmx=true")
	}
	const unsafeWarns = 24
	if j.major >= unsafeWarns {
		flags = append(flags, "--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED")
	}
	return flags
}

// formatProperties writes Java's properties format, with everything that means something to it escaped.
func formatProperties(properties map[string]string) []byte {
	escape := strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "=", `\=`, ":", `\:`, " ", `\ `, "#", `\#`, "!", `\!`)
	var text bytes.Buffer
	names := make([]string, 0, len(properties))
	for name := range properties {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&text, "%s=%s\n", escape.Replace(name), escape.Replace(properties[name]))
	}
	return text.Bytes()
}

// layModules puts netty4's transport where 8.x looks for modules, and gives the module path of the rest.
func layModules(home, cache string, jars []jar) ([]string, error) {
	const name = "transport-netty4"
	var modulePath, own []string
	for _, j := range jars {
		path := j.path(cache)
		if j.artifact == name || j.group == "io.netty" || j.artifact == "elasticsearch-ssl-config" {
			own = append(own, path)
			continue
		}
		modulePath = append(modulePath, path)
	}
	class := "classname=org.elasticsearch.transport.netty4.Netty4Plugin\nmodulename=org.elasticsearch.transport.netty4"
	if err := layModule(home, name, serverVersion(jars), class, own...); err != nil {
		return nil, err
	}
	return modulePath, linkZstd(filepath.Join(home, "lib"))
}

func serverVersion(jars []jar) string {
	for _, j := range jars {
		if j.group == "org.elasticsearch" && j.artifact == "elasticsearch" {
			return j.version
		}
	}
	return ""
}

// layModule makes a module's folder with its jars and description; class are the lines that say what is loaded.
func layModule(home, name, server, class string, jars ...string) error {
	folder := filepath.Join(home, "modules", name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	for _, path := range jars {
		if err := linkOrCopy(path, filepath.Join(folder, filepath.Base(path))); err != nil {
			return err
		}
	}
	descriptor := fmt.Sprintf("description=%s\nversion=%s\nname=%s\n%s\njava.version=17\nelasticsearch.version=%s\nextended.plugins=\nhas.native.controller=false\n", name, server, name, class, server)
	return os.WriteFile(filepath.Join(folder, "plugin-descriptor.properties"), []byte(descriptor), 0o600)
}

// linkZstd lets 8.16 and later compress with the system's zstd; without it only best_compression indices fail.
func linkZstd(lib string) error {
	for _, pattern := range []string{"/usr/lib/*/libzstd.so.1", "/usr/lib64/libzstd.so.1", "/usr/lib/libzstd.so.1", "/opt/homebrew/lib/libzstd.dylib", "/usr/local/lib/libzstd.dylib"} {
		// The patterns are constants; Glob fails only on a malformed one.
		found, _ := filepath.Glob(pattern)
		if len(found) > 0 {
			name := "libzstd.so"
			if runtime.GOOS == "darwin" {
				name = "libzstd.dylib"
			}
			return os.Symlink(found[0], filepath.Join(lib, name))
		}
	}
	return nil
}

func linkOrCopy(from, to string) error {
	if os.Symlink(from, to) == nil {
		return nil
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(target, source); err != nil {
		target.Close()
		return err
	}
	return target.Close()
}
