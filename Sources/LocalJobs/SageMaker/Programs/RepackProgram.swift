/// What the SDK's repack step runs (`_repack_script_launcher.sh`): the model's archive is unpacked, the inference code goes
/// into its `code` folder, and the job's end packs it again. The SDK uploads a launcher of its own; this one stands in where
/// the source folder has none, as in a pipeline written in Swift.
enum RepackProgram {
    static let name = "_repack_script_launcher.sh"

    static let source = #"""
        set -e
        archive=${SM_HP_MODEL_ARCHIVE##*/}
        tar -xzf "$SM_CHANNEL_TRAINING/$archive" -C "$SM_MODEL_DIR"
        mkdir -p "$SM_MODEL_DIR/code"
        for file in ./* ./.[!.]*; do
            [ -e "$file" ] && [ "$file" != ./_repack_script_launcher.sh ] || continue
            cp -R "$file" "$SM_MODEL_DIR/code/"
        done
        [ -e "$SM_MODEL_DIR/code/$SM_HP_INFERENCE_SCRIPT" ] || { echo "the source folder has no $SM_HP_INFERENCE_SCRIPT"; exit 1; }
        echo "repacked $archive with $SM_HP_INFERENCE_SCRIPT"
        """#
}
