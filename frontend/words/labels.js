// The short names of a picture's settings, in English. Knows no language.

export const labels = {
  negative_prompt: "Negative prompt", aspect_ratio: "Aspect ratio", size: "Size", cfg_scale: "Prompt strength",
  steps: "Steps", style_preset: "Style", sampler: "Sampler", clip_guidance_preset: "CLIP guidance", output_format: "File format",
}
