// Loop answers: how fast does Lucene itself read these files? Two loops over the stored fields of an index, warmed up: by the
// merge instance, which keeps the decompressed block, and by number, as a search or a get does. Written against
// Lucene 5.5 to 9.x; the name of the one method that changed is looked up once.
//
// Loop REPEAT SECONDS { FOLDER SIZE } ... prints one JSON object per measurement.

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.management.ManagementFactory;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.codecs.Codec;
import org.apache.lucene.codecs.StoredFieldsReader;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.FieldInfos;
import org.apache.lucene.index.SegmentCommitInfo;
import org.apache.lucene.index.SegmentInfos;
import org.apache.lucene.index.StoredFieldVisitor;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.MMapDirectory;

public final class Loop {
    static final MethodHandle READ = read();
    // By number is slow on large blocks: it reads as far as it gets in this many documents between looks at the clock.
    static final int BATCH = 64;

    static MethodHandle read() {
        MethodType type = MethodType.methodType(void.class, int.class, StoredFieldVisitor.class);
        try {
            return MethodHandles.lookup().findVirtual(StoredFieldsReader.class, "document", type);
        } catch (ReflectiveOperationException before9) {
            try {
                return MethodHandles.lookup().findVirtual(StoredFieldsReader.class, "visitDocument", type);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    // Sum touches what a reader of documents needs: the source's bytes and the id.
    static final class Sum extends StoredFieldVisitor {
        long source;
        long other;

        public void binaryField(FieldInfo field, byte[] value) {
            if (field.name.equals("_source")) {
                source += value.length;
            } else {
                other += value.length;
            }
        }

        public void stringField(FieldInfo field, byte[] value) {
            other += value.length;
        }

        public void stringField(FieldInfo field, String value) {
            other += value.length();
        }

        public Status needsField(FieldInfo field) {
            return Status.YES;
        }
    }

    static final class Part {
        StoredFieldsReader reader;
        int docs;
    }

    final List<Part> parts = new ArrayList<>();
    final int size;
    final Sum sum = new Sum();
    int part;
    int doc;

    Loop(String folder, int size) throws IOException {
        this.size = size;
        Directory directory = new MMapDirectory(Paths.get(folder));
        for (SegmentCommitInfo commit : SegmentInfos.readLatestCommit(directory)) {
            Codec codec = commit.info.getCodec();
            Directory files = directory;
            if (commit.info.getUseCompoundFile()) {
                files = codec.compoundFormat().getCompoundReader(directory, commit.info, IOContext.DEFAULT);
            }
            FieldInfos fields = codec.fieldInfosFormat().read(files, commit.info, "", IOContext.DEFAULT);
            Part p = new Part();
            p.reader = codec.storedFieldsFormat().fieldsReader(files, commit.info, fields, IOContext.DEFAULT);
            p.docs = commit.info.maxDoc();
            parts.add(p);
        }
    }

    // merge reads everything once.
    long merge() throws Throwable {
        long docs = 0;
        for (Part p : parts) {
            StoredFieldsReader reader = p.reader.getMergeInstance();
            for (int i = 0; i < p.docs; i++) {
                READ.invokeExact(reader, i, (StoredFieldVisitor) sum);
            }
            docs += p.docs;
        }
        return docs;
    }

    // get reads the next BATCH documents and begins again behind the last.
    long get() throws Throwable {
        for (int n = 0; n < BATCH; n++) {
            Part p = parts.get(part);
            READ.invokeExact(p.reader, doc, (StoredFieldVisitor) sum);
            if (++doc == p.docs) {
                doc = 0;
                part = (part + 1) % parts.size();
            }
        }
        return BATCH;
    }

    static long cpu() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    // run repeats until enough processor time was used; it prints unless it warms up.
    void run(String method, double seconds, boolean print) throws Throwable {
        sum.source = 0;
        long docs = 0;
        long wall = System.nanoTime();
        long start = cpu();
        long used = 0;
        while (used < seconds * 1e9) {
            docs += method.equals("merge") ? merge() : get();
            used = cpu() - start;
        }
        if (print) {
            System.out.println("{\"Method\":\"" + method + "\",\"Cores\":1,\"Size\":" + size + ",\"Documents\":" + docs + ",\"Bytes\":" + sum.source
                    + ",\"CPU\":" + used / 1e9 + ",\"Wall\":" + (System.nanoTime() - wall) / 1e9 + "}");
        }
    }

    public static void main(String[] args) throws Throwable {
        int repeat = Integer.parseInt(args[0]);
        double seconds = Double.parseDouble(args[1]);
        double warm = Double.parseDouble(args[2]);
        List<Loop> loops = new ArrayList<>();
        for (int i = 3; i + 1 < args.length; i += 2) {
            loops.add(new Loop(args[i], Integer.parseInt(args[i + 1])));
        }
        for (String method : new String[] {"merge", "get"}) {
            for (Loop loop : loops) {
                loop.run(method, warm, false);
            }
            for (Loop loop : loops) {
                for (int i = 0; i < repeat; i++) {
                    loop.run(method, seconds, true);
                }
            }
        }
    }
}
