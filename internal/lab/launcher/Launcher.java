// Launcher answers: how is one embedded Elasticsearch or OpenSearch node of any version started, and how does it end?
// It is compiled without any server on the class path and finds the server's classes by reflection, since
// constructors and package names moved between versions; node.go writes the properties file it reads.
//
//   java -cp <jars> Launcher <properties file>
//
// Properties: "home" (a folder that is deleted at the end), "watch" (true: end when standard input ends, which it does
// when the starting process dies), "plugins" (class names), "classes" (where a compiled subclass may be kept), and
// "set.<name>" for every setting of the node.

import java.io.IOException;
import java.io.Reader;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

public final class Launcher {
    /** How long a node may take to close before the JVM is halted; a hung close must not outlive the lab. */
    private static final long CLOSE_MILLIS = 15_000;

    private static final AtomicBoolean ending = new AtomicBoolean();
    private static volatile Object node;
    private static volatile boolean started;
    private static Path home;

    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(Paths.get(arguments[0]), StandardCharsets.UTF_8)) {
            properties.load(reader);
        }
        home = Paths.get(properties.getProperty("home"));
        holdRunLock();
        Runtime.getRuntime().addShutdownHook(new Thread(Launcher::end, "lab-shutdown"));
        if (Boolean.parseBoolean(properties.getProperty("watch"))) {
            Thread watcher = new Thread(Launcher::watchStandardInput, "lab-parent-watch");
            watcher.setDaemon(true);
            watcher.start();
        }
        try {
            node = construct(properties);
            find(node.getClass(), "start").invoke(node);
            started = true;
        } catch (Throwable failure) {
            Throwable cause = failure instanceof InvocationTargetException ? failure.getCause() : failure;
            cause.printStackTrace();
            System.err.flush();
            // The starting process reads the log out of home and deletes it then.
            Runtime.getRuntime().halt(1);
        }
        new CountDownLatch(1).await();
    }

    /** The lock tells others that the node is alive; it dies with the process. The channel stays open on purpose. */
    private static void holdRunLock() throws IOException {
        FileChannel channel = FileChannel.open(home.resolve("run.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (channel.tryLock() == null) {
            throw new IOException(home + " belongs to a running node");
        }
        keepOpen = channel;
    }

    @SuppressWarnings("unused")
    private static FileChannel keepOpen;

    private static void watchStandardInput() {
        try {
            while (System.in.read() >= 0) {
                // Bytes mean nothing; only the end does.
            }
        } catch (IOException gone) {
            // A broken pipe is an end as well.
        }
        if (!started) {
            // Closing a node that is half constructed may hang, and there is nothing to save.
            delete(home);
            Runtime.getRuntime().halt(0);
        }
        System.exit(0);
    }

    private static void end() {
        if (!ending.compareAndSet(false, true)) {
            return;
        }
        Thread closer = new Thread(() -> {
            try {
                if (started) {
                    find(node.getClass(), "close").invoke(node);
                }
            } catch (Throwable failure) {
                failure.printStackTrace();
            }
        }, "lab-close");
        closer.setDaemon(true);
        closer.start();
        try {
            closer.join(CLOSE_MILLIS);
        } catch (InterruptedException interrupted) {
            // Nothing is left to wait for.
        }
        delete(home);
        Runtime.getRuntime().halt(0);
    }

    private static Object construct(Properties properties) throws Exception {
        String root = exists("org.opensearch.node.Node") ? "org.opensearch." : "org.elasticsearch.";
        Object settings = settings(root, properties);
        if (exists(root + "node.internal.InternalNode")) {
            return Class.forName(root + "node.internal.InternalNode")
                .getConstructor(Class.forName(root + "common.settings.Settings"), boolean.class).newInstance(settings, true);
        }
        if (exists("org.elasticsearch.plugins.PluginsLoader") || modular(root)) {
            prepareModularServer(root, settings);
        }
        Class<?> type = Class.forName(root + "node.Node");
        if (Modifier.isAbstract(type.getModifiers())) {
            type = Class.forName("LabNode");
        }
        Object environment = environment(root, settings);
        List<Class<?>> plugins = new ArrayList<>();
        for (String name : properties.getProperty("plugins").split(",")) {
            if (!name.isEmpty()) {
                plugins.add(Class.forName(name));
            }
        }
        return newNode(root, type, environment, plugins);
    }

    /** Tries the constructors from the fewest parameters up and takes the first whose every parameter is known. */
    private static Object newNode(String root, Class<?> type, Object environment, List<Class<?>> plugins) throws Exception {
        List<Constructor<?>> constructors = new ArrayList<>(List.of(type.getDeclaredConstructors()));
        constructors.sort((a, b) -> Integer.compare(a.getParameterCount(), b.getParameterCount()));
        // A constructor that takes plugins is wanted whenever there are plugins to give.
        constructors.removeIf(c -> !plugins.isEmpty() && !List.of(c.getParameterTypes()).contains(Collection.class));
        for (Constructor<?> constructor : constructors) {
            List<Object> values = new ArrayList<>();
            for (int i = 0; i < constructor.getParameterCount(); i++) {
                Class<?> parameter = constructor.getParameterTypes()[i];
                if (parameter.isInstance(environment)) {
                    values.add(environment);
                } else if (parameter == boolean.class) {
                    values.add(false);
                } else if (parameter == Collection.class) {
                    boolean info = constructor.getGenericParameterTypes()[i].getTypeName().contains("PluginInfo");
                    values.add(info ? pluginInfos(root, plugins) : plugins);
                } else if (parameter.getName().equals(root + "Version")) {
                    values.add(parameter.getField("CURRENT").get(null));
                } else if (parameter.getSimpleName().equals("PluginsLoader")) {
                    values.add(pluginsLoader(parameter, environment));
                }
            }
            if (values.size() == constructor.getParameterCount() && !values.isEmpty()) {
                constructor.setAccessible(true);
                return constructor.newInstance(values.toArray());
            }
        }
        throw new IllegalStateException("no known constructor in " + List.of(type.getDeclaredConstructors()));
    }

    private static Object settings(String root, Properties properties) throws Exception {
        Class<?> type = Class.forName(root + "common.settings.Settings");
        Object builder;
        if (exists(root + "common.settings.ImmutableSettings")) {
            builder = Class.forName(root + "common.settings.ImmutableSettings").getMethod("settingsBuilder").invoke(null);
        } else if (hasMethod(type, "settingsBuilder")) {
            builder = type.getMethod("settingsBuilder").invoke(null);
        } else {
            builder = type.getMethod("builder").invoke(null);
        }
        Method put = builder.getClass().getMethod("put", String.class, String.class);
        for (Object key : new TreeMap<>(properties).keySet()) {
            String name = (String) key;
            if (name.startsWith("set.")) {
                put.invoke(builder, name.substring("set.".length()), properties.getProperty(name));
            }
        }
        return builder.getClass().getMethod("build").invoke(builder);
    }

    private static Object environment(String root, Object settings) throws Exception {
        Class<?> type = Class.forName(root + "env.Environment");
        Class<?> settingsType = Class.forName(root + "common.settings.Settings");
        try {
            return type.getConstructor(settingsType, Path.class).newInstance(settings, home.resolve("config"));
        } catch (NoSuchMethodException older) {
            return type.getConstructor(settingsType).newInstance(settings);
        }
    }

    /** OpenSearch 3 takes descriptions of plugins instead of classes. */
    private static Collection<Object> pluginInfos(String root, List<Class<?>> plugins) throws Exception {
        Class<?> version = Class.forName(root + "Version");
        Constructor<?> constructor = Class.forName(root + "plugins.PluginInfo").getConstructor(String.class, String.class, String.class,
            version, String.class, String.class, String.class, List.class, boolean.class);
        Collection<Object> infos = new ArrayList<>();
        for (Class<?> plugin : plugins) {
            infos.add(constructor.newInstance(plugin.getSimpleName(), "lab", "1", version.getField("CURRENT").get(null),
                "21", plugin.getName(), null, Collections.emptyList(), false));
        }
        return infos;
    }

    private static boolean modular(String root) throws Exception {
        return Class.forName(root + "node.Node").getModule().isNamed();
    }

    /** 8.x wants its log system configured before any of its classes log, which the real start script does. */
    private static void prepareModularServer(String root, Object settings) throws Exception {
        for (String name : List.of("common.logging.LogConfigurator", "logging.internal.LoggerFactoryImpl")) {
            if (exists(root + name)) {
                Class<?> configurator = Class.forName(root + name);
                if (hasMethod(configurator, "configureESLogging")) {
                    configurator.getMethod("configureESLogging").invoke(null);
                }
            }
        }
    }

    private static Object pluginsLoader(Class<?> type, Object environment) throws Exception {
        Path modules = (Path) find(environment.getClass(), modulesMethod(environment)).invoke(environment);
        Path plugins = (Path) find(environment.getClass(), pluginsMethod(environment)).invoke(environment);
        for (Method method : type.getMethods()) {
            if (!method.getName().equals("createPluginsLoader")) {
                continue;
            }
            Class<?>[] parameters = method.getParameterTypes();
            if (parameters.length == 2 && parameters[0] == Path.class) {
                return method.invoke(null, modules, plugins);
            }
            if (parameters.length == 2 && Collection.class.isAssignableFrom(parameters[0])) {
                return method.invoke(null, bundles("getModuleBundles", modules), bundles("getPluginBundles", plugins));
            }
            if (parameters.length == 3 && parameters[0] == Path.class) {
                return method.invoke(null, modules, plugins, false);
            }
            if (parameters.length == 3) {
                return method.invoke(null, bundles("getModuleBundles", modules), bundles("getPluginBundles", plugins), Collections.emptyMap());
            }
        }
        throw new IllegalStateException("no known way to make a " + type);
    }

    private static Object bundles(String method, Path folder) throws Exception {
        return find(Class.forName("org.elasticsearch.plugins.PluginsUtils"), method, Path.class).invoke(null, folder);
    }

    private static String modulesMethod(Object environment) {
        return hasMethod(environment.getClass(), "modulesDir") ? "modulesDir" : "modulesFile";
    }

    private static String pluginsMethod(Object environment) {
        return hasMethod(environment.getClass(), "pluginsDir") ? "pluginsDir" : "pluginsFile";
    }

    private static boolean exists(String name) {
        try {
            Class.forName(name, false, Launcher.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException absent) {
            return false;
        }
    }

    private static boolean hasMethod(Class<?> type, String name) {
        for (Method method : type.getMethods()) {
            if (method.getName().equals(name)) {
                return true;
            }
        }
        return false;
    }

    private static Method find(Class<?> type, String name, Class<?>... parameters) throws NoSuchMethodException {
        for (Class<?> c = type; c != null; c = c.getSuperclass()) {
            try {
                Method method = c.getDeclaredMethod(name, parameters);
                method.setAccessible(true);
                return method;
            } catch (NoSuchMethodException above) {
                // The superclass may have it.
            }
        }
        throw new NoSuchMethodException(type + "." + name);
    }

    private static void delete(Path folder) {
        try {
            Files.walkFileTree(folder, new SimpleFileVisitor<Path>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    file.toFile().delete();
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException failure) {
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, IOException failure) {
                    visited.toFile().delete();
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException failure) {
            failure.printStackTrace();
        }
    }
}
